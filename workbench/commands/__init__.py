"""Commands for administrators: they speak to the API, of the local stack or a deployed one."""
