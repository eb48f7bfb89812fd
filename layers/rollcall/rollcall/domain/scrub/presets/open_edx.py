"""Open edX: events of its tracking logs, by the names of its documentation."""

from rollcall.domain.scrub.presets.preset import Preset, below, named, read_kinds

EVENT = "event", "data"
EVERYWHERE = read_kinds("""
    token: context.course_id context.module.usage_key context.enterprise_uuid event_source
    pseudonym: context.user_id session context.session
    url_path: context.path page referer
    timestamp: time
""")
VIDEO = read_kinds(
    """
    token: id code type
    number: current_time currentTime old_time new_time old_speed new_speed duration
    token: transcript_language
""",
    *EVENT,
)
PROBLEM = read_kinds(
    """
    token: problem_id problem success failure block_id
    number: attempts grade max_grade weighted_earned weighted_possible
""",
    *EVENT,
)
SEQUENCE = read_kinds(
    """
    token: id widget_placement block_id
    number: current_tab target_tab tab_count old new
    url_path: current_url target_url
""",
    *EVENT,
)
ENROLLMENT = read_kinds(
    """
    token: course_id mode
    pseudonym: user_id
""",
    *EVENT,
)
GRADE = read_kinds(
    """
    token: course_id problem_id block_id usage_key course_version letter_grade
    number: percent_grade weighted_earned weighted_possible weighted_total_earned weighted_total_possible
    number: weighted_graded_earned weighted_graded_possible
    boolean: first_attempted is_passing
    pseudonym: user_id
""",
    *EVENT,
)
FORUM = read_kinds(
    """
    token: id commentable_id category_id team_id thread_type discussion.id response.id
    number: corrected_text_count page total_results
    boolean: anonymous anonymous_to_peers followed
""",
    *EVENT,
)
ASSESSMENT = read_kinds(
    """
    token: submission_uuid score_type rubric_id
    number: attempt_number points_earned points_possible
""",
    *EVENT,
)
OTHER = read_kinds(
    """
    token: bookmark_id component_type component_usage_id course_id certificate_id chapter textbook_id
    number: bookmarks_count page page_size
""",
    *EVENT,
)


VIDEO_NAMES = (
    "load_video play_video pause_video seek_video stop_video speed_change_video complete_video skip_video",
    "show_transcript hide_transcript video_show_cc_menu video_hide_cc_menu",
    below("edx.video", "loaded played paused stopped position.changed speed.changed completed bumper.played"),
    below("edx.video", "closed_captions.shown closed_captions.hidden transcript.shown transcript.hidden"),
)
PROBLEM_NAMES = (
    "problem_check problem_check_fail problem_graded problem_rescore problem_reset problem_save problem_show",
    "reset_problem reset_problem_fail save_problem_success save_problem_fail showanswer show_answer",
    below("edx.problem", "hint.demandhint_displayed hint.feedback_displayed completed"),
    below("edx.drag_and_drop_v2", "item.dropped item.picked_up loaded"),
)
SEQUENCE_NAMES = (
    "seq_goto seq_next seq_prev page_close",
    below("edx.ui.lms", "link_clicked outline.selected sequence.next_selected sequence.previous_selected"),
    below("edx.ui.lms", "sequence.tab_selected jump_nav.selected"),
)
ENROLLMENT_NAMES = (
    below("edx.course.enrollment", "activated deactivated mode_changed upgrade.clicked upgrade.succeeded"),
    below("edx.course", "home.resume_course.clicked tool.accessed"),
)
GRADE_NAMES = (
    below("edx.grades", "problem.submitted problem.score_overridden subsection.grade_calculated"),
    below("edx.grades", "subsection.score_overridden course.grade_calculated"),
    below("edx.course", "grade.passed.first_time grade.now_passed grade.now_failed completion.ended"),
)
FORUM_NAMES = (
    below("edx.forum", "thread.created thread.viewed thread.voted thread.followed response.created searched"),
    below("edx.forum", "response.voted response.endorsed comment.created thread.deleted thread.edited"),
)
ASSESSMENT_NAMES = (
    below("openassessmentblock", "create_submission save_submission self_assess peer_assess staff_assess"),
    below("openassessmentblock", "get_peer_submission submit_feedback_on_assessments"),
)
OTHER_NAMES = (
    "book edx.librarycontentblock.content.assigned edx.user.settings.viewed",
    below("edx.bookmark", "added removed listed accessed"),
    below("edx.certificate", "created shared evidence_visited revoked"),
    below("edx.special_exam", "proctored.attempt.created proctored.attempt.submitted timed.attempt.started"),
    below("textbook.pdf", "page.navigated page.scrolled thumbnails.toggled outline.toggled zoom.menu.changed"),
)
OPEN_EDX = Preset(
    "Tracking events of Open edX: videos, problems, sequences, enrolments, grades, forums, assessments, bookmarks.",
    named(" ".join(VIDEO_NAMES), VIDEO)
    | named(" ".join(PROBLEM_NAMES), PROBLEM)
    | named(" ".join(SEQUENCE_NAMES), SEQUENCE)
    | named(" ".join(ENROLLMENT_NAMES), ENROLLMENT)
    | named(" ".join(GRADE_NAMES), GRADE)
    | named(" ".join(FORUM_NAMES), FORUM)
    | named(" ".join(ASSESSMENT_NAMES), ASSESSMENT)
    | named(" ".join(OTHER_NAMES), OTHER),
    EVERYWHERE,
    path_names=True,
)
