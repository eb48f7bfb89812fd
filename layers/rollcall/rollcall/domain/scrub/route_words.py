"""Route words: words that a segment of a URL's path may have without naming a person. Data only; routes.py reads it.

Words of applications for learning, in English and in the other languages that such applications are often written in.
No given name of a person belongs here, and a test looks for them.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS = _words("""
    a about access accessibility account accounts achievement achievements action actions active activities activity
    add added admin administration advanced ajax alert alerts algebra all analytics and announcement announcements
    answer answers api app apps archive archived article articles assessment assessments asset assets assign
    assigned assignment assignments attempt attempts attendance audio auth authorize avatar back badge badges begin
    beginner biology block blocks blog board boards book bookmark bookmarks books browse build bulk bundle by
    calendar callback cancel card cards catalog catalogue categories category cell certificate certificates
    challenge challenges change changes chapter chapters chat check checkout chemistry children choice choose class
    classes classroom classrooms clear client clone close closed club clubs code collection collections comment
    comments communities community compare competencies competency complete completed completion component
    components computer computing conference config confirm confirmation contact contacts content contents continue
    conversation conversations cookies copy course courses courseware create created credits csv current curriculum
    custom customer daily dashboard database day days debug default delete deleted demo design detail details device
    devices dictionary disable discover discuss discussion discussions display docs document documentation documents
    done download downloads draft drafts drawing edit edition editor elearning email embed embedded enable end
    engagement english enrol enrolled enrollment enrollments enrolment enrolments enter entries entry error errors
    essay essays event events exam example examples exams exercise exercises expapi experiment explore export
    external faq faqs favorite favorites favourites feature features feed feedback file files filter filters final
    find finish finished first flashcard flashcards folder folders forgot form format forms forum forums free french
    friends from full gallery game games general geography german get glossary go goal goals grade gradebook grader
    grades grammar graph group groups guide guides gym health help hidden hint hints history home homepage homework
    how html icon icons id image images import in inbox index info information input install instructor interactive
    introduction intro invitation invitations invite invites issue issues item items join journal jump key keyboard
    keys keyword keywords kid kids knowledge lab label labels labs landing language languages last launch layout
    leaderboard leaderboards learn learner learners learning leave legal lesson lessons level levels library license
    like likes limit link links list listening lists literature live load log login logout logs lti magic mail main
    maintenance manage management manual map maps material materials math maths me media meeting meetings member
    members membership menu message messages messenger method mine mission missions mobile mod mode model modern
    modes module modules month monthly more multiplayer music my name names navigation new news newsletter next note
    notebook notebooks notes notice notices notification notifications number numbers oauth oauth2 object objects of
    off office offline old on onboarding online open option options or order orders organisation organisations
    organization organizations other out outcome outcomes outline overview own owner page pages paper papers parent
    parents part participants partner parts passed password past path paths pause pay payment payments people
    permissions person personal photo photos physics picture pictures plan planner plans play player players
    playground playlist playlists plugin pluginfile point points policies policy poll polls portal portfolio
    position post posts practice prefs preferences prepare preview previous price pricing print privacy private
    problem problems process product products profile profiles program programme programmes programs progress
    project projects public publish published pupil pupils purchase puzzle puzzles question questions queue quick
    quiz quizzes random rank ranking rating ratings read reader reading recent recommended record records recover
    recovery redirect redo reference refresh register registration release reload remove reopen repeat reply report
    reports request requests require required reset resource resources response responses restart restore result
    results resume review reviews revision reward rewards role roles room rooms root route rubric rubrics rules run
    safety sandbox save saved schedule schedules school schools science score scores scorm search second section
    sections security select self send sequence series service services session sessions set settings setup share
    shared shop show sign signin signout signup simulation simulations site sitemap skill skills skip slide slides
    social software solution solutions sort source spanish spelling sso staff start started static statistics stats
    status step steps stop store stories story student students studio study subject subjects submission submissions
    submit submitted subscribe subscription subscriptions subsection summary support survey surveys switch syllabus
    sync system tab table tabs tag tags task tasks teacher teachers teaching team teams template templates tenant
    term terms test tests text textbook textbooks texts theme themes thread threads ticket tickets time timeline
    timer tips title to today token tool toolkit tools top topic topics tour track tracks trailer training
    transcript transcripts translate translation trash tree trial tutor tutorial tutorials tutors type types u undo
    unenrol unit units unlock unsubscribe update updates upgrade upload uploads usage use user users validate verb
    verbs verification verify version versions vertical video videos view viewed viewer views vocabulary vocab wait
    waiting warmup watch web webinar webinars website week weekly weeks welcome widget widgets wiki wizard word
    wordlist words work workbook workbooks worksheet worksheets workshop workshops workspace write writing xapi
    xblock year years your assignsubmission data discussion_topics externaltool h5p h5pactivity imscp jump_to
    jump_to_id url sequential xmodule handler problem_check submission_history instructor_dashboard course_wiki
    aufgabe aufgaben bearbeiten bericht berichte bibliothek buch datenschutz einheit einheiten einstellungen
    ergebnis ergebnisse fach frage fragen hilfe impressum kalender kapitel kategorie klasse klassen kurs kurse
    lehrer lektion lektionen lernen lesen mathematik modul nachrichten neu noten profil schueler schule schulen
    seite seiten spiele startseite suche thema themen uebersicht uebung uebungen unterricht woche accueil aide
    classe cours devoir devoirs ecole ecoles eleve eleves enseignants evaluation exercice exercices lecon lecons
    matiere matieres nouveau nouvelle parametres recherche resultats aprender ajustes alumno alumnos ayuda buscar
    calificaciones clase clases contenido cuestionario cuestionarios curso cursos ejercicio ejercicios escuela
    escuelas estudiante estudiantes inicio leccion lecciones nuevo pagina perfil pregunta preguntas profesor
    profesores progreso tarea tareas tema temas unidad unidades aiuto aluno alunos aula aulas classi compiti compito
    corsi corso escola escolas lezione lezioni licao licoes materia materie professor professores scuola scuole
    studente studenti tarefa tarefas leerling leerlingen les lessen opdracht opdrachten toets toetsen vak vakken
""")
# The next segment names a person. A number too: it is a person's number then.
PEOPLE = _words("""
    account accounts author authors avatar by child children class classes classroom classrooms club contact
    contacts creator creators customer customers employee employees family families follower followers following
    friend friends group groups guardian guardians home instructor instructors kid kids learner learners login
    member members membership mentor mentors organisation organisations organization organizations owner owners
    parent parents participant participants people person persons player players profile profiles pupil pupils
    roster school schools staff student students submission_history teacher teachers team teams tutor tutors u user
    users username usernames wiki inbox conversation conversations chat messenger mail email portfolio benutzer
    eltern familie freunde gruppe gruppen kind kinder klasse klassen konto lehrer lehrerin lehrkraft mitglied
    mitglieder nutzer profil schueler schuelerin schule schulen autor auteur auteurs classe ecole ecoles eleve
    eleves enfant enfants enseignant enseignants famille groupe groupes membre membres personne utilisateur
    utilisateurs alumna alumno alumnos clase clases escuela escuelas estudiante estudiantes familia grupo grupos
    hijo hijos miembro miembros niño nino ninos padre padres perfil persona personas profesor profesores usuario
    usuarios alunno alunni aluno alunos aula classi escola escolas genitori gruppo professor professores scuola
    scuole studente studenti utente utenti gebruiker gebruikers groep groepen kinderen klas leerling leerlingen
    leraar ouder ouders
""")
# The person who sends the request: no name.
SELF = frozenset({"me", "self", "my", "mine", "current"})
# Words directly behind such a word that still are not a person's name.
OF_PEOPLE = SELF | _words("""
    about account achievements activity add all assignments avatar badges bulk calendar card certificates courses
    create dashboard delete details discussion edit enrol enrolments export files goals grades grading history id
    import index info invite join lessons list login logout manage messages new notifications overview page password
    permissions photo picture plan portfolio preferences privacy profile progress register report reports results
    roles search security sessions settings show signin signup statistics stats submissions summary update upload
    view
""")
# Everything behind these words may grant access.
SECRETS = _words("""
    activate activation auth authorize callback code codes confirm confirmation forgot invitation invitations invite
    invites join key keys magic magiclink oauth oauth2 otp passwd password passwordreset recover recovery reset
    resetpassword saml secret secrets setpassword share shared sso ticket tickets token tokens unlock unsubscribe
    verification verify activar activer aktivieren bestaetigen confirmar confirmer einladung einladungen
    freischalten invitacion kennwort passwort restablecer zuruecksetzen beitreten coupon einloesen mfa pin
    redeem tan totp voucher
""")
# A number directly behind these words names a part of what is taught, never a person, a message or a code.
THINGS = (
    _words("""
    activities activity assessment assessments assign assignment assignments block blocks blog board boards book
    books card cards catalog catalogue categories category chapter chapters collection collections component
    components content contents course courses courseware deck decks document documents domain event events exam
    example examples exams exercise exercises flashcard flashcards folder folders forum forums game games glossary
    grade h5pactivity image images item items jump lab labs lesson lessons level levels lti material materials
    mission missions modul module modules outcome outcomes page pages part parts playlist playlists post posts
    problem problems program programme programmes programs project projects puzzle puzzles question questions
    quiz quizzes resource resources round scorm section sections sequence sequences sequential series sheet
    simulation simulations skill skills slide slides stage step steps stories story subject subjects subsection
    survey surveys task tasks test tests text textbook textbooks theme themes topic topics track tracks tutorial
    tutorials unit units version versions vertical video videos vocabulary week weeks word wordlist workbook
    workbooks worksheet worksheets workshop workshops xblock algebra biology chemistry english french geography
    german geometry history math mathematik maths music physics science spanish
    aufgabe aufgaben buch einheit einheiten fach frage fragen kapitel kategorie kurs kurse lektion lektionen quiz
    seite seiten spiel spiele thema themen uebung uebungen woche chapitre cours devoir devoirs exercice exercices
    lecon lecons matiere matieres semaine capitulo clase contenido cuestionario cuestionarios curso cursos ejercicio
    ejercicios leccion lecciones pagina pregunta preguntas semana tarea tareas tema temas unidad unidades compiti
    compito corsi corso lezione lezioni licao licoes materia materie settimana tarefa tarefas hoofdstuk les lessen
    opdracht opdrachten toets toetsen vak vakken bab kapittel kurser lekcja lekcje leksjon lektioner oppgave
    oppgaver uppgift uppgifter zadanie zadania
""")
    - PEOPLE
    - SECRETS
)
# The same, but only for numbers of at most two digits: year 7, day 3.
SHORT_THINGS = frozenset({"day", "year"})
# Pages of a thing, not things: /course/view.php?id=4 is about a course.
NEUTRAL = _words("""
    details edit index info launch lms mod play preview report review show start summary view
""")
# Values of parameters that are not names of pages.
VALUES = _words("""
    all asc ascending auto avg both bottom center centre compact dark date default desc descending expanded false
    firstname fullscreen grid high large last left light list low medium newest none normal off oldest on right
    small system table tile tiles title top true wide yes
""")
WORDS |= PEOPLE | SECRETS | OF_PEOPLE | THINGS
# Endings of file names. The rest of the name is judged like any segment.
ENDINGS = frozenset({"asp", "aspx", "cgi", "do", "htm", "html", "js", "json", "jsp", "php", "xml"})
# Languages at the beginning of a path. Anywhere else two letters may be a name.
LANGUAGES = _words("""
    ar bg bn ca cs cy da de el en es et eu fa fi fr ga gl he hi hr hu id is it ja ko lt lv nb nl pl pt ro ru sk sl
    sr sv sw ta th tr uk ur vi zh
""")
# Names of query parameters that are kept, in any case and without separators. No parameters with search terms.
PARAMETERS = _words("""
    action activity activityid assignment assignmentid attempt block category categoryid chapter chapterid cmid
    course courseid d dir direction edit embed exercise exerciseid filter forum format id item itemid lang language
    lesson lessonid level limit locale mode module moduleid offset order page pageid part perpage position question
    questionid quiz quizid resource resourceid section sectionid showall size slide sort sortby step subject tab
    task taskid theme topic topicid type unit unitid utmcampaign utmcontent utmmedium utmsource variant version
    video videoid view week
""")
# The same for people: any value becomes a pseudonym.
PARAMETERS_OF_PEOPLE = _words("""
    author authorid child childid class classid group groupid learner learnerid member memberid owner ownerid parent
    parentid pupil pupilid school schoolid student studentid teacher teacherid team teamid uid user userid username
""")
# Kept parameters whose value is a count or names a thing. In other parameters a number belongs to the path's thing.
PARAMETERS_OF_THINGS = _words("""
    activity activityid assignment assignmentid attempt category categoryid chapter chapterid cmid course courseid
    exercise exerciseid forum lesson lessonid level limit module moduleid offset page pageid part perpage position
    question questionid quiz quizid section sectionid size slide step task taskid topic topicid unit unitid video
    videoid week
""")
