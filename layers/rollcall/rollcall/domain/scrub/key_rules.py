"""Key rules: they decide by the name of a key whether its value is personal."""

from dataclasses import dataclass

from rollcall.domain.scrub.key_name import words_of
from rollcall.domain.scrub.redaction import Action


@dataclass(frozen=True)
class KeyRule:
    """Names of keys whose values are personal: whole names, words within names, parts of names without separators."""

    id: str
    action: Action
    names: frozenset[str]
    words: frozenset[str]
    parts: tuple[str, ...]

    @property
    def marker(self) -> str:
        """The marker that replaces the value in a document."""
        return f"[{self.id.removeprefix('@key:')}]"


def _rule(name: str, names: str = "", words: str = "", parts: str = "", action: Action = "replace") -> KeyRule:
    return KeyRule(f"@key:{name}", action, frozenset(names.split()), frozenset(words.split()), tuple(parts.split()))


OWN_KEYS_MARKER = "[organisation]"  # of the rule for an organisation's own keys

# In order: the first that fits counts.
KEY_RULES = (
    _rule(
        "credentials",
        names="sesskey jsessionid phpsessid moodlesession nonce"
        " auth sid pin otp cvv cvc cvv2 csrf xsrf jwt pwd pass key sig accesskey apikey writekey sharedkey",
        words="passwort kennwort contraseña contrasena senha wachtwoord hasło haslo lösenord adgangskode"
        " salasana heslo"
        " пароль password passwd passphrase passcode pwd secret secrets token tokens bearer credential credentials"
        " authorization cookie cookies jwt apikey signature otp cvv cvc mfa totp",
        parts="password passwd passphrase secret apikey accesstoken refreshtoken authtoken idtoken"
        " sessiontoken privatekey sessionkey aspnetsession"
        " credential authorization setcookie connectionstring motdepasse 密码 密碼 パスワード",
    ),
    _rule(
        "birth_date",
        names="dob bday born age birthyear yearofbirth",
        words="dob birthday birthdate birth born bday geburtsdatum geburtstag naissance nacimiento age ages"
        " geburt nascimento nascita geboortedatum urodzenia narození рождения alter edad âge",
        parts="生日 出生 생년월일 birthdate birthday dateofbirth birthyear yearofbirth",
    ),
    _rule(
        "guardian",
        words="guardian guardians parent parents mother father mom mum dad mama papa carer caregiver"
        " caretaker emergency"
        " eltern mutter vater mère père madre padre mãe pai ouders moeder vader rodzic rodzice matka ojciec родитель"
        " родители мать отец erziehungsberechtigte tuteur tutrice"
        " kin nextofkin grandparent grandmother grandfather sibling siblings",
        parts="父母 家长 家長 保護者 guardian parentname parentemail parentphone emergencycontact",
    ),
    _rule(
        "health",
        names="iep sen send",
        words="health medical medication medications medicine diagnosis diagnoses disability disabilities"
        " disabled allergy"
        " allergies allergic illness condition conditions therapy treatment symptoms doctor patient blood handicap"
        " accommodation accommodations impairment dyslexia dyscalculia adhd autism autistic asd epilepsy"
        " diabetes asthma"
        " vaccination wellbeing mental pregnancy weight height sick sickness special",
        parts="disability medical medication diagnosis allerg specialneed specialeducation healthcare",
    ),
    _rule(
        "demographics",
        names="sex race pronouns",
        words="geschlecht sexe sexo genere geslacht płeć kön køn пол staatsangehörigkeit nationalité nacionalidad"
        " gender ethnicity ethnic race racial religion religious faith orientation sexuality nationality"
        " citizenship"
        " immigration caste tribe political union income salary pronouns",
        parts="性别 性別 ethnicity religion nationality sexualorientation",
    ),
    _rule(
        "national_id",
        names="ssn nino bsn dni nie nif cpf nir sin tfn pan pesel curp rrn tin itin hetu cpr idnumber",
        words="ssn nino bsn dni nie cpf pesel curp passport aadhaar aadhar personnummer license licence visa imei"
        " fodselsnummer codicefiscale nhs social",
        parts="socialsecurity nationalid passport nationalinsurance taxid drivinglicen driverslicen"
        " driverlicen identitynumber"
        " studentnumber pupilnumber",
    ),
    _rule(
        "payment",
        names="iban bic card cc pan",
        words="iban creditcard card bank account sortcode routing paypal billing",
        parts="creditcard cardnumber accountnumber bankaccount iban",
    ),
    _rule(
        "contact",
        names="mail tel",
        words="telefon telefono teléfono téléphone telefone telefoon telefonnummer handynummer handy"
        " mobilnummer rufnummer"
        " portable celular móvil correo courriel mejl puhelin телефон почта email emails mail mails phone"
        " phones telephone mobile cell fax msisdn whatsapp telegram skype discord"
        " instagram snapchat tiktok facebook twitter linkedin contact contacts",
        parts="电话 電話 手机 邮箱 メール 전화 email phonenumber telephone mobilenumber",
    ),
    _rule(
        "identifier",
        names="uid userid anonymousid learnerid studentid pupilid childid teacherid memberid playerid"
        " profileid previousid"
        " sessionid externalid accountid customerid personid contactid distinctid aliasid schoolclassid classid"
        " groupid"
        " sub subject sourcedid rosterid sisid cid",
        action="pseudonymise",
    ),
    _rule(
        "device",
        names="idfa idfv gaid adid aaid udid androidid deviceid device_id advertisingid serial serialnumber uuid",
        words="idfa idfv gaid adid udid fingerprint serial",
        parts="deviceid advertisingid androidid pushtoken devicetoken fingerprint installationid macaddress",
    ),
    _rule(
        "network",
        names="ip ips mac host useragent xforwardedfor remoteaddr forwarded",
        words="ip ipv4 ipv6 ipaddress mac hostname ssid bssid",
        parts="ipaddress useragent forwardedfor remoteaddr clientip macaddress",
    ),
    _rule(
        "location",
        names="lat lng lon long latlng latlong x_geo geo gps geohash plz",
        words="latitude longitude lat lng lon latlng latlong coordinates coordinate coords gps geo geolocation"
        " geohash"
        " geoip location locations place",
        parts="latitude longitude geolocation coordinates",
    ),
    _rule(
        "address",
        names="addr line1 line2 city town village zip postcode zipcode postalcode state county region street",
        words="anschrift wohnort rue calle dirección endereço adres adresa ulica adress адрес address addresses"
        " street streets addr postcode zip zipcode postal city town village suburb apartment"
        " adresse strasse straße direccion direccion indirizzo county",
        parts="地址 住所 주소 address postcode zipcode postalcode",
    ),
    _rule(
        "name",
        names="name names displayname fullname",
        words="schueler schüler schuelerin schülerin schuelername lehrer lehrerin vorname nachname familienname"
        " spitzname"
        " benutzername nom prénom prenom élève eleve élèves eleves enseignant surnom alumno alumna alumnos alumnas"
        " estudiante profesor profesora apellidos nome sobrenome aluno aluna alunos cognome alunno alunna studente"
        " insegnante naam voornaam achternaam leerling leraar imię imie nazwisko uczeń uczen nauczyciel namn förnamn"
        " efternamn elev navn fornavn etternavn efternavn nimi etunimi sukunimi oppilas jméno jmeno příjmení žák név"
        " soyad isim öğrenci имя фамилия отчество ученик ученица учитель студент"
        " firstname lastname surname forename givenname familyname nickname fullname displayname username maiden"
        " login handle screenname avatar photo picture portrait nick alias author creator owner teacher student pupil"
        " learner child children kid classmate friend friends buddy tutor coach recipient sender vorname nachname"
        " nombre apellido prenom cognome",
        parts="姓名 名字 名前 氏名 学生 學生 이름 firstname lastname surname forename givenname familyname nickname"
        " fullname displayname username"
        " studentname childname pupilname teachername middlename screenname",
    ),
    _rule(
        "free_text",
        names="text body content title query q search searchterm term answer question subjectline reason input",
        words="kommentar kommentare commentaire comentario comentário nachricht bemerkung antwort réponse respuesta"
        " comment comments message messages note notes bio biography about description feedback review"
        " reply answer"
        " answers essay transcript caption chat post remark remarks memo summary text freetext prompt"
        " response responses"
        " query search keyword keywords details reflection diary journal story headline",
        parts="freetext answertext searchquery searchterm commenttext messagetext aboutme errormessage",
    ),
)
# Words before `name` that make it a person's name. Any other name is a thing's.
PERSONS = frozenset(
    [
        "first",
        "last",
        "middle",
        "full",
        "given",
        "family",
        "sur",
        "fore",
        "nick",
        "user",
        "display",
        "legal",
        "preferred",
        "maiden",
        "my",
        "own",
        "real",
        "screen",
        "contact",
        "person",
        "customer",
        "member",
        "account",
        "player",
        "profile",
    ]
)
# About the event, never about a person.
PLAIN = frozenset(
    [
        "eventid",
        "messageid",
        "orgid",
        "courseid",
        "lessonid",
        "eventname",
        "type",
        "kind",
        "version",
        "schemaversion",
        "occurredat",
        "receivedat",
        "sentat",
        "timestamp",
        "originaltimestamp",
        "createdat",
        "policy",
        "keyid",
        "requestid",
        "receivecount",
        "contenttype",
        "statuscode",
        "attempt",
        "progresspercent",
        "timespentseconds",
        "percent",
        "queue",
        "cause",
        "code",
    ]
)


@dataclass(frozen=True)
class KeyVerdict:
    """The rule of a key, and the word of the key that may be shown."""

    rule: KeyRule
    shown: str


def judge(key: str, rules: tuple[KeyRule, ...] = KEY_RULES) -> KeyVerdict | None:
    """Return the first rule that applies to this key, or None.

    An organisation's own rule is the first. Its word also applies to keys that no other rule finds personal.
    """
    words = words_of(key)
    joined = "".join(words)
    if joined in PLAIN and not any(joined in rule.names for rule in rules[:1]):
        return None
    for rule in rules:
        if joined in rule.names:
            return KeyVerdict(rule, "_".join(words))
        for word in words:
            if word in rule.words:
                return KeyVerdict(rule, word)
        for part in rule.parts:
            if part in joined:
                return KeyVerdict(rule, part)
        if rule.id == "@key:name" and "name" in words and not PERSONS.isdisjoint(words):
            return KeyVerdict(rule, "name")
    return None
