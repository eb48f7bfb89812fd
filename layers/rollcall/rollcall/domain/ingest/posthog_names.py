"""The names that PostHog's clients give to events and properties, and those of our vocabulary for the same things."""

# Other names of events stay as they are.
EVENTS = {
    "$pageview": "page",
    "$screen": "screen",
    "$identify": "identify",
    "$create_alias": "alias",
    "$groupidentify": "group",
    "$set": "profile_updated",
    "$set_once": "profile_updated",
    "$unset": "profile_updated",
}
# Members with facts about a person or a group: they become properties.
TRAITS = {
    "$identify": ("$set_once", "$set"),
    "$set": ("$set_once", "$set"),
    "$set_once": ("$set_once", "$set"),
    "$groupidentify": ("$group_set",),
}
PROPERTIES = {
    "$current_url": "url",
    "$pathname": "path",
    "$screen_name": "screen_name",
    "$browser": "browser_name",
    "$browser_version": "browser_version",
    "$browser_language": "locale",
    "$os": "os_name",
    "$os_name": "os_name",
    "$os_version": "os_version",
    "$app_version": "app_version",
    "$app_name": "app_name",
    "$device_type": "device_type",
    "$timezone": "timezone",
    "$group_key": "group_id",
    "$group_type": "group_type",
}
VERSIONS = frozenset(("$app_version", "$browser_version", "$os_version"))  # which clients write as numbers, too
CONTEXT = {
    "$lib": ("library", "name"),
    "$lib_version": ("library", "version"),
    "$screen_width": ("screen", "width"),
    "$screen_height": ("screen", "height"),
}
# Properties that became members, or describe how the client sent the event.
LIFTED = {
    *PROPERTIES,
    *CONTEXT,
    *("distinct_id", "$device_id", "$user_id", "$anon_distinct_id", "$session_id", "$insert_id", "$time"),
    *("token", "api_key"),
}
