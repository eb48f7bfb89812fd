"""The Experience API (IEEE 9274.1.1): statements as events, named by their verb, with their members as properties."""

from rollcall.domain.scrub.presets.preset import Preset, named, read_kinds

ADL, W3ID = "http://adlnet.gov/expapi/verbs/{}", "https://w3id.org/xapi/adl/verbs/{}"
VIDEO = "https://w3id.org/xapi/video/verbs/{}"
# Members of a statement. Not kept: the actor, the response, names and descriptions of activities.
STATEMENT = read_kinds("""
    url_path: verb.id object.id object.definition.type
    token: object.object_type object.definition.interaction_type version
    software: context.platform
    boolean: result.completion result.success
    number: result.score.scaled result.score.raw result.score.min result.score.max score.scaled score.raw score.min
    number: score.max scaled raw
    boolean: completion success
    duration: result.duration
    pseudonym: context.registration registration
    language: context.language
    timestamp: timestamp stored
    url_path: context.context_activities.parent.*.id context.context_activities.grouping.*.id
    url_path: context.context_activities.category.*.id
""")
VERBS = (
    "answered asked attempted attended completed exited experienced failed imported initialized"
    " interacted launched mastered passed progressed registered resumed responded scored suspended"
    " terminated voided"
)
OF_SESSIONS = "abandoned logged-in logged-out satisfied waived"
# Of the addresses of verbs and of kinds of activities.
ACTIVITIES = (
    "activities adl assessment attempt cmi.interaction collection course expapi file interaction lesson link media"
    " meeting module objective page performance playlist profile question simulation tag verbs video w3id xapi"
)
ROUTE_WORDS = tuple(f"{VERBS} {OF_SESSIONS} {ACTIVITIES}".split())
XAPI = Preset(
    "Verbs of ADL and cmi5 by their addresses and as words; results, scores and activities of statements.",
    named(VERBS, STATEMENT, form=ADL)
    | named(OF_SESSIONS, STATEMENT, form=W3ID)
    | named(f"{VERBS} {OF_SESSIONS}", STATEMENT),
    route_words=ROUTE_WORDS,
)
EXTENSIONS = read_kinds(
    """
    number: time time-from time-to progress length volume completion-threshold frame-rate speed
    boolean: cc-enabled cc-subtitle-enabled full-screen
    language: cc-subtitle-lang
    token: quality screen-size video-playback-size track
    pseudonym: session-id
""",
    "result.extensions",
    "context.extensions",
)
WATCHED = "initialized played paused seeked interacted completed terminated"
XAPI_VIDEO = Preset(
    "The xAPI video profile: played, paused, seeked and the like, with times, progress, speed and volume.",
    named(WATCHED, STATEMENT | EXTENSIONS, form=VIDEO)
    | named(WATCHED, STATEMENT | EXTENSIONS, form=ADL)
    | named(WATCHED, STATEMENT | EXTENSIONS),
    route_words=(*ROUTE_WORDS, *WATCHED.split()),
)
