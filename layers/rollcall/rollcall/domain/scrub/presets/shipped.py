"""The presets that ship with Rollcall, by name."""

from rollcall.domain.scrub.presets.h5p import H5P
from rollcall.domain.scrub.presets.lms import CANVAS, MOODLE
from rollcall.domain.scrub.presets.open_edx import OPEN_EDX
from rollcall.domain.scrub.presets.preset import Preset
from rollcall.domain.scrub.presets.xapi import XAPI, XAPI_VIDEO

PRESETS: dict[str, Preset] = {
    "canvas": CANVAS,
    "h5p": H5P,
    "moodle": MOODLE,
    "open_edx": OPEN_EDX,
    "xapi": XAPI,
    "xapi_video": XAPI_VIDEO,
}
