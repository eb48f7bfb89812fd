"""No organisation sees another's rows, whatever its members send over HTTP."""

from uuid import uuid4

from tests.e2e.database import Database
from tests.e2e.people import Api, reasons, statuses


def test_event_of_an_organisation_outside_the_token_is_refused(api: Api, database: Database) -> None:
    """A token of A cannot store for B, neither as a learner nor as a service, alone or among good events."""
    org_a, org_b = uuid4(), uuid4()
    for sender in (api.learner(org_a), api.service(org_a)):
        good, stray = sender.event(), sender.event(org_id=str(org_b))

        mixed, alone = sender.send([stray, good]), sender.send([{**stray, "event_id": str(uuid4())}])

        assert (mixed.status_code, reasons(mixed)) == (200, ["org_forbidden", None])
        assert (alone.status_code, alone.json()["code"]) == (403, "org_forbidden")
    assert database.event_ids(org_b) == []
    assert len(database.event_ids(org_a)) == 2


def test_event_ids_of_another_organisation_cannot_be_probed(api: Api, database: Database) -> None:
    """The same event_id in two organisations is two events: A's answer tells nothing of what B stored."""
    of_a, of_b = api.learner(), api.learner()
    event = of_b.event()
    assert statuses(of_b.send([event])) == ["accepted"]

    response = of_a.send([of_a.event(event_id=event["event_id"], percent=99)])

    assert statuses(response) == ["accepted"]
    assert database.event_ids(*of_a.org_ids) == database.event_ids(*of_b.org_ids) == [event["event_id"]]
    assert [lesson.percent for lesson in database.lessons(*of_b.org_ids).values()] == [40]


def test_one_learner_in_two_organisations_stands_twice(api: Api, database: Database) -> None:
    """A learner of two organisations has a standing in each, made of its own events alone."""
    org_a, org_b = uuid4(), uuid4()
    learner = api.learner(org_a, org_b)
    in_a = learner.events(6)
    in_b = [{**event, "org_id": str(org_b), "event_id": str(uuid4())} for event in learner.events(9)]

    assert set(statuses(learner.send([*in_b, *in_a]))) == {"accepted"}

    database.assert_balanced([org_a], in_a)
    database.assert_balanced([org_b], in_b)


def test_organisation_comes_from_the_assignment(api: Api, database: Database) -> None:
    """An event that names no organisation belongs to the one that assigned the course to its learner."""
    org_a, org_b = uuid4(), uuid4()
    learner = api.learner(org_a, org_b)
    event = learner.event(org_id=None)
    database.assign(org_b, learner.user_id, event["course_id"])

    assert statuses(learner.send([event])) == ["accepted"]
    assert statuses(learner.send([{**event, "org_id": str(org_b)}])) == ["duplicate"]

    database.assert_balanced([org_a, org_b], [{**event, "org_id": str(org_b)}])


def test_assignment_outside_the_token_resolves_nothing(api: Api, database: Database) -> None:
    """An assignment by an organisation that the token does not hold is not seen: the event stays unresolved."""
    learner, stranger = api.learner(), uuid4()
    event = learner.event(org_id=None)
    database.assign(stranger, learner.user_id, event["course_id"])

    response = learner.send([event])

    assert response.status_code == 400
    assert response.json()["code"] == "invalid_events"
    assert reasons(response) == ["org_unresolved"]
    assert [(fault["pointer"], fault["code"]) for fault in response.json()["errors"]] == [
        ("/events/0/org_id", "org_unresolved")
    ]
    assert not database.knows([event["event_id"]])


def test_two_assignments_are_ambiguous_until_one_is_named(api: Api, database: Database) -> None:
    """A course assigned by two organisations leaves the event ambiguous, unless assigned_by tells them apart."""
    org_a, org_b = uuid4(), uuid4()
    teacher_a, teacher_b = uuid4(), uuid4()
    learner = api.learner(org_a, org_b)
    event, narrowed = learner.event(org_id=None), learner.event(org_id=None, assigned_by=str(teacher_b))
    database.assign(org_a, learner.user_id, event["course_id"], teacher_a)
    database.assign(org_b, learner.user_id, event["course_id"], teacher_b)

    response = learner.send([event, narrowed])
    alone = learner.send_one(event)

    assert statuses(response) == ["rejected", "accepted"]
    assert reasons(response) == ["org_ambiguous", None]
    assert (alone.status_code, reasons(alone)) == (400, ["org_ambiguous"])
    assert [fault["pointer"] for fault in alone.json()["errors"]] == ["/org_id"]
    database.assert_balanced([org_a, org_b], [{**narrowed, "org_id": str(org_b)}])
