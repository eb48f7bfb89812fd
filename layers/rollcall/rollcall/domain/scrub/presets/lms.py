"""Moodle and Canvas: names of the events that they log and stream."""

from rollcall.domain.scrub.presets.preset import Preset, named, read_kinds

MOODLE_EVENT = read_kinds("""
    token: component action target objecttable crud courseid origin
    number: edulevel contextlevel grade finalgrade rawgrade maxgrade sumgrades attempt slot page
    pseudonym: userid relateduserid realuserid objectid contextid contextinstanceid
    timestamp: timecreated timemodified timestart timefinish
    boolean: anonymous
""")
MOODLE_NAMES = {
    "core": "badge_awarded course_completed course_module_completion_updated course_viewed dashboard_viewed"
    " user_enrolment_created user_enrolment_deleted user_graded user_loggedin user_loggedout course_section_viewed"
    " course_category_viewed",
    "mod_assign": "assessable_submitted course_module_viewed feedback_viewed submission_created submission_form_viewed"
    " submission_graded submission_status_viewed submission_updated",
    "mod_book": "chapter_viewed course_module_viewed",
    "mod_chat": "course_module_viewed",
    "mod_choice": "answer_created answer_updated course_module_viewed",
    "mod_feedback": "course_module_viewed response_submitted",
    "mod_folder": "course_module_viewed all_files_downloaded",
    "mod_forum": "course_module_viewed discussion_created discussion_viewed post_created subscription_created",
    "mod_glossary": "course_module_viewed entry_created entry_viewed",
    "mod_h5pactivity": "course_module_viewed report_viewed statement_received",
    "mod_lesson": "content_page_viewed course_module_viewed lesson_ended lesson_restarted lesson_resumed lesson_started"
    " question_answered question_viewed",
    "mod_lti": "course_module_viewed",
    "mod_page": "course_module_viewed",
    "mod_quiz": "attempt_abandoned attempt_reviewed attempt_started attempt_submitted attempt_summary_viewed"
    " attempt_viewed course_module_viewed",
    "mod_resource": "course_module_viewed",
    "mod_scorm": "course_module_viewed sco_launched scoreraw_submitted status_submitted",
    "mod_url": "course_module_viewed",
    "mod_wiki": "course_module_viewed page_created page_updated page_viewed",
    "mod_workshop": "course_module_viewed submission_assessed submission_created",
}
MOODLE = Preset(
    "Events of Moodle's log by their class names, such as \\mod_quiz\\event\\attempt_submitted.",
    {
        f"\\{component}\\event\\{name}": MOODLE_EVENT
        for component, names in MOODLE_NAMES.items()
        for name in names.split()
    },
)
CANVAS_EVENT = read_kinds(
    """
    token: context_type event_name http_method producer
    token: assignment_id course_id submission_id quiz_id module_id module_item_id asset_type asset_subtype
    token: asset_role category level workflow_state submission_type enrollment_id discussion_topic_id
    token: discussion_entry_id grading_type
    number: score old_score points_possible old_points_possible attempt
    boolean: late missing grading_complete
    timestamp: submitted_at graded_at due_at lock_at unlock_at event_time created_at updated_at
    pseudonym: user_id student_id grader_id session_id real_user_id user_login context_id asset_id
    url_path: url referrer
""",
    "body",
    "metadata",
)
CANVAS = Preset(
    "Canvas live events: assignments, submissions, grades, quizzes, modules, discussions, assets.",
    named(
        (
            "asset_accessed assignment_created assignment_updated course_completed course_created"
            " course_progress course_updated discussion_entry_created discussion_entry_submitted"
            " discussion_topic_created enrollment_created enrollment_state_created enrollment_updated"
            " grade_change grade_override logged_in logged_out module_created module_item_created"
            " outcome_result_created plagiarism_resubmit quiz_submitted quiz_graded submission_created"
            " submission_updated syllabus_updated wiki_page_created wiki_page_updated"
        ),
        CANVAS_EVENT,
    ),
)
