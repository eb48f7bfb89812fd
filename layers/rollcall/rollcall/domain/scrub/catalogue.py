"""The learning events that the default policy for minors knows, and what is safe to keep of each.

A property's name is a path; `*` is each item of an array. Names are matched in any style: Segment's "Lesson Completed"
is lesson_completed, lessonId is lesson_id.
"""

from rollcall.domain.scrub.presets.preset import read_kinds

Declarations = dict[str, dict[str, str]]

# Safe with every event. `context` is what tracking clients send along.
EVERY_EVENT = read_kinds("""
    token: course_id lesson_id module_id unit_id activity_id exercise_id quiz_id question_id video_id resource_id
    token: subject subject_code grade_level year_group level difficulty topic_id skill_id curriculum content_type
    token: app_name build category source medium
    software: device_type device_class platform os_name browser_name environment
    token: experiment_id variant feature kind type action result status reason_code error_code assignment_id
    tokens: tags skills topics
    language: locale language
    time_zone: timezone
    version: app_version os_version browser_version sdk_version schema_version content_version
    boolean: is_offline is_online is_retry is_first is_last is_test online offline
    number: position index sequence attempt attempts count total step steps version_number
    duration: duration duration_ms duration_seconds time_spent time_spent_seconds time_spent_ms load_time_ms latency_ms
    timestamp: started_at ended_at completed_at created_at updated_at occurred_at
    url_path: path url page_path page_url
    pseudonym: user_id anonymous_id learner_id student_id session_id school_class_id class_id group_id teacher_id
    token: context.app.name context.campaign.source context.campaign.medium
    software: context.library.name context.os.name context.device.type context.network.type
    version: context.library.version context.app.version context.os.version
    number: context.screen.width context.screen.height context.screen.density
    boolean: context.active
    language: context.locale
    time_zone: context.timezone
    url_path: context.page.path context.page.url context.page.referrer context.page.search referrer search
    url_path: context.page.initial_referrer context.page.tab_url initial_referrer
""")
PROGRESS = """
    number: percent progress progress_percent score points xp stars streak lives completed_lessons total_lessons
    boolean: completed passed is_completed is_passed mastered
"""
MEDIA = """
    number: percent playback_rate volume position_seconds seek_from_seconds seek_to_seconds quality_height
    duration: position_ms total_length watched_seconds buffered_ms
    boolean: autoplay muted captions fullscreen completed
    language: caption_language audio_language
    software: player
    token: quality
"""
ASSESSMENT = """
    number: score max_score percent points correct_count wrong_count question_count hints_used streak rank grade
    boolean: correct is_correct passed timed_out skipped hint_used
    token: answer_id choice_id question_type answer_type
    tokens: choice_ids
    token: answers.*.question_id answers.*.choice_id answers.*.question_type
    boolean: answers.*.correct answers.*.is_correct answers.*.skipped
    number: answers.*.score answers.*.attempts
    duration: answers.*.duration_ms answers.*.time_spent_seconds
"""
SESSION = """
    number: event_count screen_width screen_height memory_mb battery_percent
    boolean: is_returning is_background
    software: connection_type orientation
    token: trigger exit_reason
"""
SEARCH = """
    number: result_count results_count page page_size clicked_position query_length
    boolean: has_results
    token: filter sort scope
    tokens: filters
"""
PLACE = """
    page_name: page_name screen_name
    token: section tab component element_id button_id menu_item
    number: scroll_percent width height
    url_path: referrer_path
"""
PERSON = """
    token: role account_type plan
    boolean: is_active consent_analytics
    pseudonym: previous_id
"""
# Events of processes: long work of an application, such as an import. Rollups use exactly these names.
PROCESS = """
    token: process request_id trace_id step
    duration: duration_ms
    number: cost_amount
    currency: cost_currency
"""
# Properties that PostHog's clients add, each name behind a $. Not kept: $set, $ip, $host, and clicked elements.
POSTHOG = """
    token: $feature_flag $event_type
    version: $lib_version $browser_version $os_version $app_version $app_build
    software: $lib $browser $os $os_name $device_type $network_type
    number: $screen_height $screen_width $viewport_height $viewport_width $screen_density
    number: $prev_pageview_duration $prev_pageview_max_scroll_percentage $prev_pageview_last_scroll_percentage
    url_path: $current_url $pathname $referrer $prev_pageview_pathname $session_entry_url $session_entry_pathname
    url_path: $session_entry_referrer $initial_current_url $initial_pathname $initial_referrer
    language: $browser_language $locale
    language: $browser_language_prefix
    time_zone: $timezone $timezone_offset
    page_name: $screen_name
    token: $app_namespace
    boolean: $is_identified $is_emulator $is_testflight $is_sideloaded $network_wifi $network_cellular
    pseudonym: $session_id $window_id $pageview_id $device_id $user_id $anon_distinct_id $group_key distinct_id alias
    token: $group_type
"""
_FAMILIES = {
    PROGRESS: "course_started course_viewed course_completed course_enrolled course_unenrolled lesson_started"
    " lesson_viewed"
    " lesson_progressed lesson_resumed lesson_paused lesson_completed module_started module_completed unit_completed"
    " activity_started activity_completed assignment_started assignment_submitted assignment_viewed assignment_graded"
    " badge_earned level_reached goal_set goal_reached streak_extended streak_lost certificate_earned reward_claimed",
    MEDIA: "video_started video_played video_paused video_resumed video_seeked video_completed video_progressed"
    " video_buffered audio_started audio_played audio_paused audio_completed book_opened page_turned resource_opened"
    " resource_downloaded document_viewed",
    ASSESSMENT: "quiz_started quiz_submitted quiz_completed quiz_abandoned question_viewed question_answered"
    " question_skipped exercise_started exercise_answered exercise_completed exercise_skipped test_started"
    " test_submitted"
    " hint_requested hint_viewed feedback_viewed game_started game_completed flashcard_flipped flashcard_answered",
    SESSION: "session_started session_ended session_paused session_resumed application_opened application_installed"
    " application_updated application_backgrounded application_crashed app_opened app_closed signed_in signed_out"
    " login logout sync_started sync_completed sync_failed error_shown heartbeat",
    SEARCH: "search searched search_performed search_result_clicked products_searched filter_applied",
    PLACE: "page screen page_viewed screen_viewed button_clicked link_clicked element_clicked menu_opened tab_changed"
    " notification_received notification_opened tutorial_started tutorial_completed onboarding_started"
    " onboarding_completed settings_changed language_changed theme_changed experiment_viewed feature_used"
    # Events that posthog-js sends by itself, such as $pageleave. Dollar signs are not part of a name.
    " page_leave autocapture rageclick dead_click web_vitals exception feature_flag_called",
    PERSON: "identify group alias track profile_updated class_joined class_left consent_given consent_withdrawn"
    " account_created account_deleted",
    POSTHOG: "$pageview $pageleave $screen $autocapture $rageclick $identify $create_alias $alias $groupidentify $set"
    " $opt_in $feature_flag_called $web_vitals",
    PROCESS: "process_started process_step_completed process_retry process_completed process_failed",
}
EVENTS: Declarations = {name: read_kinds(family) for family, names in _FAMILIES.items() for name in names.split()}
