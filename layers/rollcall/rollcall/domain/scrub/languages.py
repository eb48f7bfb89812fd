"""Languages and regions: closed lists, so that no name of a person passes for one. Data alone.

Languages are ISO 639-1's two letters, and those of three that operating systems have and that have no shorter code;
regions are ISO 3166-1's two letters and the groups of UN M49 that locales use; scripts are ISO 15924's in wide use.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LANGUAGES = _words("""
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it
    iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo
    mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh
    si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh
    yi yo za zh zu arn ast brx ceb chr ckb csb dgo doi dsb fil fur gsw haw hmn hsb hyw kab kok kri lij mai mni nds
    nso pap pcm sah sat scn smn szl tlh tzm udm vec wae yue zgh
""")
REGIONS = _words("""
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW 001 002 003 005 009 013 019
    021 029 030 034 039 053 142 145 150 151 154 155 419
""")
SCRIPTS = _words("""
    Adlm Arab Armn Beng Cans Cher Cyrl Deva Ethi Geor Grek Gujr Guru Hans Hant Hebr Jpan Khmr Knda Kore Laoo Latn
    Mlym Mong Mymr Olck Orya Sinh Taml Telu Tfng Thai Tibt Vaii Yiii
""")
CHINESE = frozenset({"Hans", "Hant"})  # de-Hans may be a person


ENCODINGS = _words("utf-8 utf8 iso8859-1 iso88591 iso8859-15 iso885915 iso-8859-1 iso-8859-15 eucjp big5 gb18030")
MODIFIERS = _words("latin cyrillic euro valencia devanagari iqtelif abegede saaho")
# Variants of BCP 47: spellings, dialects, transcriptions.
VARIANTS = _words("""
    1606nict 1694acad 1901 1959acad 1994 1996 alalc97 ao1990 arevela arevmda baku1926 biske boont colb1945 ekavsk
    emodeng fonipa fonupa fonxsamp hepburn heploc ijekavsk kkcor lipaw monoton ndyuka nedis njiva oxendict pinyin
    polyton posix rozaj scotland scouse solba tarask uccor ulster unifon valencia wadegile
""")
# Keys of Unicode's extension -u-, and their values.
EXTENSIONS = {
    "ca": _words("""
        buddhist chinese coptic dangi ethioaa ethiopic gregory hebrew indian islamic islamicc iso8601 japanese persian
        roc
    """),
    "co": _words("compat dict ducet emoji eor phonebk phonetic pinyin reformed search standard stroke trad zhuyin"),
    "fw": _words("mon tue wed thu fri sat sun"),
    "hc": _words("h11 h12 h23 h24"),
    "kf": _words("false lower upper"),
    "kn": _words("false true"),
    "lb": _words("loose normal strict"),
    "ms": _words("metric uksystem ussystem"),
    "mu": _words("celsius fahrenhe kelvin"),
    "nu": _words("""
        arab arabext beng deva fullwide gujr guru hanidec hans hant hebr jpan khmr knda kore laoo latn mlym mymr native
        orya roman taml tamldec telu thai tibt
    """),
}
EXTENSION = "u"
CHARACTERS_MAX = 64


def is_language(text: str) -> bool:
    """Return whether a text is a language or a locale, as in browsers (sr-Latn-RS) and systems (sr_RS.utf8@latin).

    A language in mixed case is not accepted: "Bo" and "Ty" are names.
    """
    if len(text) > CHARACTERS_MAX:
        return False
    tag, at, modifier = text.partition("@")
    tag, dot, encoding = tag.partition(".")
    if (at and modifier.lower() not in MODIFIERS) or (dot and encoding.lower() not in ENCODINGS):
        return False
    language, *rest = tag.replace("_", "-").split("-")
    if language.lower() not in LANGUAGES or language not in (language.lower(), language.upper()):
        return False
    if rest and rest[0].title() in SCRIPTS and (rest[0].title() not in CHINESE or language.lower() in {"zh", "yue"}):
        rest = rest[1:]
    if rest and rest[0].upper() in REGIONS and rest[0] in (rest[0].lower(), rest[0].upper()):
        rest = rest[1:]
    while rest and rest[0].lower() in VARIANTS:
        rest = rest[1:]
    return not rest or (rest[0].lower() == EXTENSION and _is_extension(rest[1:]))


def _is_extension(subtags: list[str]) -> bool:
    """Return whether these are keys of the extension -u-, each with an allowed value."""
    if not subtags or len(subtags) % 2:
        return False
    pairs = zip(subtags[::2], subtags[1::2], strict=True)
    return all(value.lower() in EXTENSIONS.get(key.lower(), ()) for key, value in pairs)
