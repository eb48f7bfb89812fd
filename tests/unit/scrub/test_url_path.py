"""URL paths: words of routes and short numbers stay, whatever else stands there is a pseudonym or removed."""

import re
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rollcall.domain.scrub import route_words
from rollcall.domain.scrub.path_walk import is_drawn
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.redaction import REMOVED
from rollcall.domain.scrub.routes import RouteWords
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.domain.scrub.url_path import UrlPaths

from tests.given_names import GIVEN_NAMES

KEPT = [
    "/", "/courses/12/lessons/3", "/mod/quiz/view.php?id=42", "/mod/quiz/attempt.php?attempt=7&page=2", "/my/",
    "/courses/1/assignments/2", "/courses/1/modules/items/2", "/courses/1/discussion_topics/2", "/api/v1/progress",
    "/en/courses", "/de-de/kurse/4/lektionen", "/klasse", "/cours/exercices", "/courses/12/lesson-3", "/week3/quiz",
    "/dashboard?tab=grades&sort=name", "/grade/report/index.php", "/login", "/reset-password", "/users/me/lessons/12",
    "/users/settings", "/search", "?tab=grades", "/blog/2026/03",
    "/blog/2012/03", "/courses/12/modules/4/page/2", "/quizzes/415555", "/year/7/week/3", "/grade/7/math/3",
    "/course/view.php?id=5", "/mod/forum/view.php?id=42", "/courses/12?mode=dark", "/courses?view=grid&page=2",
    "/courses?dir=desc&sort=title", "/unit-2/lesson-3/page-4", "/lessons/201",
    "/api/v2/courses/7/quizzes/9/questions/11",
]  # fmt: skip
CHANGED = {
    "https://app.example.org/courses/12?utm_source=newsletter#top": "/courses/12?utm_source=newsletter",
    "https://kim:pw@app.example.org:8443/courses/12": "/courses/12",
    "//app.example.org/courses/12": "/courses/12",
    r"\courses\12": "/courses/12",
    "/courses//12/./lessons/../quiz": "/courses/12/quiz",
    "/Courses/12": "/courses/12",
    "/courses;v=2/12;jsessionid=8F3A": "/courses/12",
    "/leçons/3": "/lecons/3",
    "/kurse/übung/3": "/kurse/uebung/3",
    "//localhost:3000/courses/12": "/courses/12",
    "//localhost/courses/12": "/courses/12",
    "//app:8080/courses/12": "/courses/12",
    "//courses/12": "/courses/12",
    "///courses//12": "/courses/12",
    "/myLessons/APIKeys": "/my-lessons/api-keys",
    "/courses/12?id=4&q=my+dad+is+ill&token=8f3a": "/courses/12?id=4",
    "https://xn--mnchen-3ya.example/kurse": "/kurse",
    "https://example.org": "/",
}
# What stands in braces must not be in what is kept; `kim`, `jane` and the like neither, in any spelling.
PERSONAL = [
    "/{jane.doe}", "//users//{jane.doe}/x", "/users;x=y/{jane}", "/~{jane.doe}", "/@{kimmiller}", "/wiki/User:{Jane}",
    "/wiki/User_talk:{Jane}", "/author/{kim}", "/submission_history/staff/{kim}", "/class/7b/{kim-miller}/grades",
    "/klasse/4b/{emma-mueller}", "/élèves/{emma}", "/users/{12345}", "/students/{42}/grades", "/user-{42}/grades",
    "/profile/edit/{42}", "/users%2F{jane}", "/users%252F{jane}", "/%75sers/{jane}", "/users/{j}%61{ne}",
    "/courses/12/{Emma}", "/courses/{emma}?tab={emma}", "/courses?user={kim}", "/courses?student_id={42}",
    "/user/profile.php?id={5}", "/courses/1/users/{5}", "/call/+{14155552671}", "/{+442079460958}", "/{12345678}",
    "/born/{2014/03/02}", "/born/{2014-03-02}", "/{020}/{7946}/{0958}", "/courses/12;name={jane}",
    "/courses/12#{jane}", "/courses/12#/users/{jane}", "/courses?q={jane}", "/courses?%71={jane}",
    "/courses?search={jane}&tab=grades", "/users／{jane}", "/x/{Jane Doe}", "/x/{Jane%20Doe}", "/[{jane}]",
    "/courses?tab=[{jane}]", "/en/{jo}", "/{jo}", r"\users\{nina}", "/users/..;/{jane}",
    "https://{jane}@example.org/", "/home/{jane}/notes", "/{ＪＡＮＥ}", "/index.php/{jane}", "/{jane}.html",
    "/courses/{jane}.php", "/story-by-{emma}", "/{emmaStory}", "/page/{p1a2b3c4}", "/users/{story-reader}",
    "/users/edit/{story-reader}", "/school/{42}", "/lesson-{5551234567}", "/unit-555-{1234567}",
    "https://example.org/{jane}/../{kim}", "/users\t/{jane}", " /users/{jane} ", "/a/b/c/{jane}",
    "file:///C:/Users/{Jane}/x.html", "android-app://org.example/{jane}", "/courses?user[name]={jane}",
    "/courses?id={jane}", "/courses?a=1;user={jane}", "/courses?&&user={jane}", "/courses?tab={j%61ne}",
    # Behind words that the vocabulary does not know, or knows as no thing's.
    "/de/schüler/{42}", "/uczniowie/{345}", "/用户/{42}", "/пользователи/{42}", "/anvandare/{42}", "/opiskelija/{12}",
    "/mystudents/{42}", "/studentlist/{42}", "/users+/{42}", "/users./{42}", "/users%00/{42}", "/us\u0435rs/{42}",
    "/{42}/lessons", "/{42}", "/x/{42}/{43}", "/lehrerinnen/{7}", "/élèves/{42}", "/Schüler/{42}", "/x/sid/{482913}",
    "/courses/12/grades/{345}", "/courses/12/assignments/7/submissions/{345}", "/courses/12/progress/{345}",
    "/message/index.php?id={42}", "/messages/{42}", "/attendance/{42}", "/certificates/{482913}", "/play/{482913}",
    "/enrol/{482913}", "/self-enrol/{482913}", "/sign-in/{482913}", "/signin/{482913}", "/register/{482913}",
    "/link/{482913}", "/access/{482913}", "/lti/launch/{482913}", "/session/{482913}", "/api/v1/{42}", "/3.11/{345}",
    "/accept-invitation/{482913}", "/passwort-vergessen/{482913}", "/2fa/{482913}", "/message-{42}", "/login-{42}",
    "/index.php?option=com_users&view=user&id={42}", "/?view=profile&id={42}", "/?module=users&id={42}",
    "/index.php?id={42}&page=student", "/?controller=students&action=show&id={42}", "/index.php?id={42}",
    "/courses?id={42}&x=myStudents", "/courses/12?item={42}&tab=schüler", "//users/{42}", "//users//{42}/x",
    "///users/{42}", r"\\users\{42}", "//students:42/{43}/x",
    "/{2014/3/2}", "/{14/03/02}", "/dob/{2014/3/2}", "/birthday/{020314}", "/days/{140302}", "/start-{2014-3-2}",
    "/day-{20-3-14}", "/page-{02-03-14}", "/courses?id={140302}", "/lesson-{415555/2671}", "/courses/{14/3/2}",
    "/lessons/{14/0302}", "/courses/{140302}", "/page-{140302}", "/year/{2014}", "/lesson-{14/3/2}", "/week{140302}",
]  # fmt: skip
SECRETS = [
    "/activate/{0123456789abcdef0123456789abcdef}", "/reset-password/{c8x-5f4dcc3b}", "/magic-link/{Zm9vYmFy}",
    "/invite/{482913}", "/password_reset_confirm/{MQ}/{c8x-5f4dcc3b}/", "/join/{ABC123}",
    "/courses/12;jsessionid={8F3A}", "/courses?PHPSESSID={8f3a}", "/courses?MoodleSession={8f3a}",
    "/courses?sesskey={8f3a}", "/courses/{8f14e45fceea167a5a36dedd4bea2543}",
    "/page/{eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln}", "/page/{dGhpcyBpcyBhIHNlY3JldCB0b2tlbg1}",
    "/verify/{kim}/{1234}", "/sso/callback?code={8f3a}", "/auth/{kim}",
    "/unlock/{7c9e6679-7425-40de-944b-e07fc1f90ae7}", "/setpassword/{1}", "/passwort-zuruecksetzen/{abc}",
    "/invite?id={482913}", "/pin/{482913}", "/redeem/{482913}", "/beitreten/{482913}", "/?action=invite&id={482913}",
    "/index.php?view=resetPassword&item={482913}",
]  # fmt: skip
REFUSED = [
    "", "jane", "mailto:jane@example.org", "tel:+441632960961", "javascript:alert(1)", "about:blank",
    "data:text/html,jane", "jane doe/x", "courses/12", "C:\\Users\\Jane", "?", "?q=jane", "/%2525252575sers/jane",
    "/" + "a" * 9_000, "/x" + "\u0301" * 400,
]  # fmt: skip


@pytest.fixture(scope="module")
def urls(pseudonymiser: Pseudonymiser) -> UrlPaths:
    return UrlPaths(RouteWords(), pseudonymiser)


@pytest.mark.parametrize("path", KEPT)
def test_words_of_routes_and_short_numbers_are_kept(urls: UrlPaths, path: str) -> None:
    """Pages of applications for learning, as they are."""
    assert urls.scrub(path) == path


@pytest.mark.parametrize(("url", "path"), CHANGED.items())
def test_the_rest_of_a_harmless_url_is_cut(urls: UrlPaths, url: str, path: str) -> None:
    """Hosts, fragments, parameters of segments and what is searched for; one page has one spelling."""
    kept = urls.scrub(url)
    assert kept is not None
    assert re.sub(r"(?<=utm_source=)[0-9a-f]{32}", "newsletter", kept) == path


@pytest.mark.parametrize("url", PERSONAL)
def test_nothing_that_could_be_somebodys_is_kept(urls: UrlPaths, url: str) -> None:
    """Names, numbers and dates, wherever in a URL and in whatever spelling they stand."""
    kept = urls.scrub(re.sub("[{}]", "", url)) or ""
    bare = re.sub("[0-9a-f]{32}", "", kept).lower()
    for part in re.findall(r"\{(.+?)\}", url):
        assert not any(each in re.split("[^a-z0-9]", bare) for each in re.findall("[a-z0-9]+", part.lower())), kept
    for name in ("jane", "kim", "emma", "nina", "doe", "miller", "mueller", "jo"):
        assert name not in bare, kept


@pytest.mark.parametrize("url", SECRETS)
def test_what_lets_somebody_in_is_removed(urls: UrlPaths, url: str) -> None:
    """Not even a pseudonym is made of it: there is nothing to count."""
    kept = urls.scrub(re.sub("[{}]", "", url))
    assert kept is not None
    assert not re.search("[0-9a-f]{32}", kept), kept
    for part in re.findall(r"\{(.+?)\}", url):
        assert part not in kept


@pytest.mark.parametrize("value", REFUSED)
def test_what_is_no_path_is_refused(urls: UrlPaths, value: str) -> None:
    """Other schemes, texts, encodings without end."""
    assert urls.scrub(value) is None


def test_one_segment_has_one_pseudonym(urls: UrlPaths, pseudonymiser: Pseudonymiser) -> None:
    """So that pages are counted, and join with who did it."""
    jane = pseudonymiser.pseudonym("jane.doe")
    for url in ("/users/jane.doe", "/~jane.doe", "/@jane.doe", "https://example.org/users/jane%2Edoe"):
        assert (urls.scrub(url) or "").endswith(f"/{jane}"), url
    assert urls.scrub("/users/42") == f"/users/{pseudonymiser.pseudonym('42')}"
    assert urls.scrub("/courses?userid=42") == f"/courses?userid={pseudonymiser.pseudonym('42')}"


def test_an_organisation_has_words_of_its_own(pseudonymiser: Pseudonymiser) -> None:
    """They are kept, after a word for people too, and say what follows as any other word does."""
    urls = UrlPaths(RouteWords(["Brüche", "fractions"]), pseudonymiser, frozenset({"course-v1:Org+X+2026"}))
    assert urls.scrub("/courses/fractions/3") == "/courses/fractions/3"
    assert urls.scrub("/kurse/Brüche") == "/kurse/bruche"
    assert urls.scrub("/users/fractions") == "/users/fractions"
    assert urls.scrub("/courses/course-v1:Org+X+2026/about") == "/courses/course-v1:Org+X+2026/about"


def test_no_word_of_a_route_is_a_given_name() -> None:
    """A child called so would be kept wherever its name stands."""
    vocabulary = route_words.WORDS | route_words.LANGUAGES | route_words.OF_PEOPLE
    assert not vocabulary & GIVEN_NAMES


@pytest.mark.parametrize("text", ["8f14e45fceea167a5a36dedd4bea2543", "eyJhbGciOiJIUzI1NiJ9.e", "aB3dE5gH7jK9mN1p"])
def test_what_is_drawn_is_told_from_what_is_written(text: str) -> None:
    """Tokens; but not a slug, an id of a database or a UUID, which are counted."""
    assert is_drawn(text)
    assert not is_drawn("introduction-to-machine-learning-2026")
    assert not is_drawn("507f1f77bcf86cd799439011")
    assert not is_drawn("7c9e6679-7425-40de-944b-e07fc1f90ae7")


SEGMENTS = st.one_of(
    st.sampled_from(sorted(route_words.WORDS)),
    st.sampled_from(["", ".", "..", "%2e%2e", ";a=b", "[removed]", "[user]", "[jane]", "%", "%25", "&#47;", "\\u002f"]),
    st.integers(0, 10**12).map(str),
    st.text(max_size=20),
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(SEGMENTS, max_size=40), st.lists(st.tuples(SEGMENTS, SEGMENTS), max_size=5), st.booleans())
@example(["a"] * 33, [], False)
@example(["1", "2", "3", "4567"], [], True)
def test_scrubbing_twice_is_scrubbing_once(
    pseudonymiser: Pseudonymiser, segments: list[str], query: list[tuple[str, str]], encoded: bool
) -> None:
    """And what is kept is words, short numbers, pseudonyms and marks alone."""
    urls = UrlPaths(RouteWords(), pseudonymiser)
    path = "/" + "/".join(quote(segment) if encoded else segment for segment in segments)
    kept = urls.scrub(path + "?" + "&".join(f"{name}={value}" for name, value in query))
    if kept is None:
        return
    assert urls.scrub(kept) == kept
    assert UrlPaths(RouteWords(), pseudonymiser).scrub(kept) == kept
    for segment in kept.partition("?")[0].split("/"):
        words = {*route_words.WORDS, *route_words.ENDINGS, "oauth", "h", "p", "v"}
        is_word = segment in words or set(re.findall("[a-z]+", segment)) <= words
        is_mark = segment == REMOVED or re.fullmatch(r"\[[a-z0-9_]+\]", segment)
        assert is_word or is_mark or pseudonymiser.is_pseudonym(segment) or segment in route_words.LANGUAGES, segment


TEXTS = {
    "See https://app.example/users/{jane}/grades.": "See https://app.example/users/#/grades.",
    "(https://app.example/reset-password/{8f3a9c})": "(https://app.example/reset-password/[removed])",
    'GET "https://app.example/courses/12?q={jane}" 404': 'GET "https://app.example/courses/12" 404',
    "https://a.example/~{jane} and http://b.example/@{kim}!": "https://a.example/# and http://b.example/#!",
    "https://app.example/courses/12/lessons/3": "https://app.example/courses/12/lessons/3",
    "https://app.example": "https://app.example",
    "/users/{jane}": "/users/#",
    "and/or, 3/4, a://b": "and/or, 3/4, a://b",
    "he/she text/html image/png km/h 24/7 Europe/Berlin": "he/she text/html image/png km/h 24/7 Europe/Berlin",
    "50% of 3/4 & <br/>the</b> rest": "50% of 3/4 & <br/>the</b> rest",
    r"line\nline\tfoo \d+\w": r"line\nline\tfoo \d+\w",
    "at /api/v1/progress, it failed": "at /api/v1/progress, it failed",
    "HTTPS://a.example/users/{jane}": "HTTPS://a.example/users/#",
    "app://a.example/users/{jane}": "app://a.example/users/#",
    "ftp://a.example/users/{jane} x": "ftp://a.example/users/# x",
    "www.example.org/users/{jane}": "www.example.org/users/#",
    "(example.org:80/users/{jane})": "(example.org:80/users/#)",
    r"see https://a.example\users\{jane}": "see https://a.example/users/#",
    r"https:\/\/a\/users\/{jane}": r"https:\/\/a/users/#",
    "https%3A%2F%2Fa.example%2Fusers%2F{jane}": "https://a.example/users/#",
    "https%253A%252F%252Fa.example%252Fusers%252F{jane}": "https://a.example/users/#",
    "https://a.example/users/O'{Jane}/grades": "https://a.example/users/#/grades",
    "'https://a.example/users/{jane}','x'": "'https://a.example/users/#','x'",
    "GET /users/{jane} 500": "GET /users/# 500",
    "(/users/{jane})": "(/users/#)",
    "path=/users/{jane}": "path=/users/#",
    "users/{jane}": "users/#",
    "see users/{jane}.": "see users/#.",
    " /users/{jane}": "/users/#",
    r"\users\{jane}": "/users/#",
    "%2Fusers%2F{jane}": "/users/#",
    "#/users/{jane}": "#/users/#",
    "\uff0fusers\uff0f{jane}": "/users/#",
    "at /~{jane} now": "at /# now",
}


@pytest.mark.parametrize(("text", "kept"), TEXTS.items())
def test_addresses_within_texts_and_documents_are_scrubbed_too(scrubber: Scrubber, text: str, kept: str) -> None:
    """In dead letters and whatever text is kept, by the same rule; again, nothing changes."""
    plain = re.sub("[{}]", "", text)
    for scrubbed in (scrubber.scrub_text(plain), scrubber.scrub_document([plain, {"href": plain}])):
        values = [scrubbed.value] if isinstance(scrubbed.value, str) else [scrubbed.value[0], scrubbed.value[1]["href"]]
        assert {re.sub("[0-9a-f]{32}", "#", value) for value in values} == {kept}
        assert bool(scrubbed.remarks) is (kept != plain)
    once = scrubber.scrub_document({"href": plain}).value
    assert scrubber.scrub_document(once).value == once
    assert scrubber.scrub_document(once).remarks == ()


def test_keys_of_documents_are_scrubbed_as_texts_are(scrubber: Scrubber) -> None:
    """Whether they were seen before or not; those of words that the policy knows stay."""
    for _ in range(2):
        scrubbed = scrubber.scrub_document({"/users/jane": 1, "a/b": 2, "https://w3id.org/xapi/extensions/progress": 3})
        assert [re.sub("[0-9a-f]{32}", "#", key) for key in scrubbed.value] == [
            "/users/#", "a/b", "https://w3id.org/xapi/extensions/progress",
        ]  # fmt: skip
        assert len(scrubbed.remarks) == 1


KNOWN = frozenset({
    "jane", "482913", "~jane", "@jane", "User:Jane", "8f14e45fceea167a5a36dedd4bea2543", "course-v1:Org+X+2026Spring",
    "block-v1:O+C+R+type@html+block@8f14e45fceea167a5a36dedd4bea2543", "photosynthesis-7", "4711000",
})  # fmt: skip


@pytest.mark.parametrize(
    ("path", "is_kept"),
    [
        ("/courses/photosynthesis-7", True), ("/courses/course-v1:Org+X+2026Spring/about", True),
        ("/xblock/block-v1:O+C+R+type@html+block@8f14e45fceea167a5a36dedd4bea2543", True), ("/courses/4711000", True),
        ("/users/jane", False), ("/invite/482913", False), ("/wiki/User:Jane", False), ("/courses/User:Jane", False),
        ("/reset/8f14e45fceea167a5a36dedd4bea2543", False), ("/courses/8f14e45fceea167a5a36dedd4bea2543", False),
        ("/~jane", False), ("/@jane", False), ("/students/482913", False), ("/class/photosynthesis-7", False),
        ("/verify/photosynthesis-7", False),
    ],
)  # fmt: skip
def test_a_catalogue_lets_nobodys_name_and_no_token_through(
    pseudonymiser: Pseudonymiser, path: str, is_kept: bool
) -> None:
    """Behind words for people and for what lets in, nothing that it has is kept."""
    assert (UrlPaths(RouteWords(), pseudonymiser, KNOWN).scrub(path) == path) is is_kept


def test_a_number_is_kept_behind_each_word_for_a_thing(urls: UrlPaths) -> None:
    """Lessons and courses are numbered. Behind a word that is not listed, a number may be a person's or a code."""
    kept = {route for route in (*route_words.THINGS, "things") if (urls.scrub(f"/{route}/42") or "").endswith("/42")}
    assert kept == set(route_words.THINGS)


def test_behind_any_other_word_a_number_is_a_pseudonym(urls: UrlPaths) -> None:
    """Or the number is removed."""
    routes = [
        route
        for route in sorted(route_words.WORDS - route_words.THINGS - route_words.SHORT_THINGS)
        if route.rsplit("_", 1)[-1] not in route_words.THINGS
    ]
    paths = [f"/{route}/{number}" for route in routes for number in ("42", "482913")]
    assert len(routes) > 500
    assert [path for path in paths if re.search("[/=](?:42|482913)$", urls.scrub(path) or "")] == []
