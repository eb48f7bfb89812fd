"""Names of months, in the usual languages, as dates have them. Data alone."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# English, German, Dutch, French, Spanish, Italian, Portuguese, Romanian, Swedish, Danish, Norwegian, Finnish, Polish,
# Czech, Hungarian, Turkish, Russian, Ukrainian, Greek.
MONTHS = _words("""
    jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october
    nov november dec december januar jänner februar märz maerz mär mrz mai juni juli okt oktober dez dezember
    januari februari maart mrt mei augustus
    janvier janv février fevrier févr fevr fév mars avril avr juin juillet juil août aout septembre
    octobre novembre
    décembre decembre déc ene enero febrero marzo abr abril mayo junio julio ago agosto septiembre octubre
    noviembre dic diciembre gen gennaio febbraio aprile mag maggio giu giugno lug luglio set sett settembre ott
    ottobre dicembre janeiro fev fevereiro março marco mai maio junho julho setembro out outubro novembro dez
    dezembro ianuarie februarie martie aprilie iunie iulie septembrie octombrie noiembrie decembrie
    maj marts augusti tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta
    syyskuuta lokakuuta marraskuuta joulukuuta tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu
    elokuu syyskuu lokakuu marraskuu joulukuu desember des
    styczeń stycznia luty lutego marzec marca kwiecień kwietnia maja czerwiec czerwca lipiec lipca
    sierpień sierpnia
    wrzesień września wrzesnia październik października pazdziernika listopad listopada grudzień
    grudnia leden ledna
    únor února březen března brezna duben dubna květen května kvetna červen června cervna červenec
    července cervence
    srpen srpna září zari říjen října rijna prosinec prosince január február március április május június július
    augusztus szeptember október ocak şubat subat mart nisan mayıs mayis haziran temmuz ağustos agustos
    eylül eylul
    ekim kasım kasim aralık aralik
    января янв февраля фев марта мар апреля апр мая июня июл июля июнь июль августа авг сентября сен октября окт
    ноября ноя декабря дек январь февраль март апрель май август сентябрь октябрь ноябрь декабрь січня лютого
    березня квітня травня червня липня серпня вересня жовтня листопада грудня ιανουαρίου φεβρουαρίου μαρτίου
    απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου
""")
