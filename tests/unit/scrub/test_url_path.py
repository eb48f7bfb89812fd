"""URL paths: words of routes and short numbers stay, whatever else stands there is a pseudonym or removed."""

import re
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rollcall.domain.scrub import route_words
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.redaction import REMOVED
from rollcall.domain.scrub.routes import RouteWords
from rollcall.domain.scrub.url_path import UrlPaths, is_drawn

KEPT = [
    "/", "/courses/12/lessons/3", "/mod/quiz/view.php?id=42", "/mod/quiz/attempt.php?attempt=7&page=2", "/my/",
    "/courses/1/assignments/2", "/courses/1/modules/items/2", "/courses/1/discussion_topics/2", "/api/v1/progress",
    "/en/courses", "/de-de/kurse/4/lektionen", "/klasse", "/cours/exercices", "/courses/12/lesson-3", "/week3/quiz",
    "/dashboard?tab=grades&sort=name", "/grade/report/index.php", "/login", "/reset-password", "/users/me/lessons/12",
    "/users/settings", "/search", "?tab=grades", "/blog/2026/03",
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
]  # fmt: skip
SECRETS = [
    "/activate/{0123456789abcdef0123456789abcdef}", "/reset-password/{c8x-5f4dcc3b}", "/magic-link/{Zm9vYmFy}",
    "/invite/{482913}", "/password_reset_confirm/{MQ}/{c8x-5f4dcc3b}/", "/join/{ABC123}",
    "/courses/12;jsessionid={8F3A}", "/courses?PHPSESSID={8f3a}", "/courses?MoodleSession={8f3a}",
    "/courses?sesskey={8f3a}", "/courses/{8f14e45fceea167a5a36dedd4bea2543}",
    "/page/{eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln}", "/page/{dGhpcyBpcyBhIHNlY3JldCB0b2tlbg1}",
    "/verify/{kim}/{1234}", "/sso/callback?code={8f3a}", "/auth/{kim}",
    "/unlock/{7c9e6679-7425-40de-944b-e07fc1f90ae7}", "/setpassword/{1}", "/passwort-zuruecksetzen/{abc}",
    "/invite?id={482913}",
]  # fmt: skip
REFUSED = [
    "", "jane", "mailto:jane@example.org", "tel:+441632960961", "javascript:alert(1)", "about:blank",
    "data:text/html,jane", "jane doe/x", "courses/12", "C:\\Users\\Jane", "?", "?q=jane", "/%2525252575sers/jane",
    "/" + "a" * 9_000, "/x" + "\u0301" * 400,
]  # fmt: skip
# Common given names of many countries: none may be a word of a route.
NAMES = """
    aaron abby abdul abigail adam adrian ahmed aidan aisha alan albert alejandro alex alexander alexandra alexis ali
    alice alicia alina allison amanda amber amelia amina amir amy ana anastasia andre andrea andreas andrew angel
    angela anita anna anne anthony antonio april aria ariana arthur arya ashley astrid aurora austin ava ayesha
    barbara beatrice ben benjamin bella bill blake bob bodo bonnie brandon brian brooke bruno caleb cameron camila
    carl carla carlos carmen carol caroline carter cecilia charles charlie charlotte chase chloe chris christian
    christina clara claire claudia cleo colin connor cora cynthia daisy dan daniel daniela danny daphne dave david
    dean dennis diana diego dmitri dominic donna dora dylan eddie edgar edith edward elena eli elias elijah elisa
    elizabeth ella ellen ellie emil emilia emily emma eric erik ernest esther ethan eva evan eve evelyn faith fatima
    felix finn fiona florence francesca frank fred freya gabriel gemma george georgia gina giulia grace greta guy
    hana hannah hans harper harry hassan hazel heidi helen henry holly hope hugo ian ida imran ines ingrid irene
    iris isaac isabel isla ivan ivy jack jackson jacob jade jake james jamie jan jana jane jason jasmine jay jean
    jennifer jenny jessica jill jim joan joanna joe joel john jonas jonathan jordan jose joseph josh joy juan juana
    julia julian julie june karen karim karl kate katherine kathy keith kelly ken kenji kevin khadija kim kurt kyle
    lara laura lauren layla lea leah lena leo leon leonie liam lily lina linda lisa liu lola louis lucas lucia lucy
    luis luke luna maja manuel marc marcel marco marcus margaret maria mariam marie mario mark marta martha martin
    mary mateo matilda matt matthew maud max maya megan mehmet mei mia michael miguel mike mila milan miriam mohamed
    molly monica nadia naomi nancy natalie nathan neil nelson nick nicole nina noah noel nora oliver olivia omar
    oscar owen pablo pamela patricia patrick paul paula pedro penny peter petra philip phoebe pierre priya rachel
    ralph ramon raul ray rebecca reed rex rhys richard rita rob robert robin rosa rose ruby rupert russell ruth ryan
    sally sam samantha samir samuel sandra sara sarah scott sean sebastian selma sergei silas simon sofia sophie
    stella stephen steve sue summer susan sven tara ted teresa theo theresa thomas tim tina toby todd tom tony uma
    ursula uwe valerie vera victor victoria vincent viola violet vivian walter wanda warren wei wendy will william
    willow xavier yara yasmin yuki yusuf zara zoe
"""  # fmt: skip


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
    assert not vocabulary & set(NAMES.split())


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
        is_word = segment in route_words.WORDS or set(re.findall("[a-z]+", segment)) <= {
            *route_words.WORDS,
            *route_words.ENDINGS,
            "oauth",
            "h",
            "p",
            "v",
        }
        is_mark = segment == REMOVED or re.fullmatch(r"\[[a-z0-9_]+\]", segment)
        assert is_word or is_mark or pseudonymiser.is_pseudonym(segment) or segment in route_words.LANGUAGES, segment
