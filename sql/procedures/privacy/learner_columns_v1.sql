-- The columns of a table that name the learner to whom a row belongs: the first of them that is not null decides. Null:
-- rows of this table belong to no learner, and only mention people.
-- tests/integration/schema/test_privacy_map.py compares it with the catalogue.
create or replace function rollcall.learner_columns_v1(p_table text) returns text[]
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select case p_table
    when 'active_course_learners' then array['user_id']
    when 'active_learners' then array['learner_key']
    when 'analytics_events' then array['user_pseudonym', 'anonymous_pseudonym', 'session_pseudonym']
    when 'assignments' then array['user_id']
    when 'course_progress' then array['user_id']
    when 'learners' then array['user_id']
    when 'lesson_progress' then array['user_id']
    when 'pending_assignments' then array['user_id']
    when 'progress_events' then array['user_id']
end;
$$;

revoke all on function rollcall.learner_columns_v1(text) from public;
