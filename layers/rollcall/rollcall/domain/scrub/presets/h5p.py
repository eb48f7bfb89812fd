"""H5P: interactive content, whose events are statements of the Experience API with extensions of its own."""

from rollcall.domain.scrub.presets.preset import Preset, named, read_kinds
from rollcall.domain.scrub.presets.xapi import ADL, ROUTE_WORDS, STATEMENT

OF_H5P = read_kinds("""
    token: object.definition.extensions.h5p-local-content-id object.definition.extensions.h5p-subContentId
    token: content_id sub_content_id library
    token: context.extensions.h5p-local-content-id
    number: max_score
""")
VERBS = "answered attempted completed consumed downloaded interacted mastered passed failed progressed"
SHARED = "consume copied embedded reused"
H5P = Preset(
    "Statements of H5P's content types, with scores, and the ids of contents.",
    named(VERBS, STATEMENT | OF_H5P, form=ADL)
    | named(VERBS, STATEMENT | OF_H5P)
    | named(SHARED, STATEMENT | OF_H5P, form="http://activitystrea.ms/schema/1.0/{}"),
    route_words=(*ROUTE_WORDS, *VERBS.split(), *SHARED.split(), "schema"),
)
