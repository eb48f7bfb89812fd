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
CHINESE = frozenset({"Hans", "Hant"})  # de-Hans is a person


def is_language(text: str) -> bool:
    """Tell whether a text is a language, or a locale: language, script, region, joined by - or _, as in sr-Latn-RS.

    A language in mixed case is none: "Bo" and "Ty" are names.
    """
    language, *rest = text.removesuffix(".UTF-8").replace("_", "-").split("-")
    if language.lower() not in LANGUAGES or language not in (language.lower(), language.upper()):
        return False
    if rest and rest[0].title() in SCRIPTS and (rest[0].title() not in CHINESE or language.lower() in {"zh", "yue"}):
        rest = rest[1:]
    return not rest or (len(rest) == 1 and rest[0].upper() in REGIONS and rest[0] in (rest[0].lower(), rest[0].upper()))
