"""Commands for administrators. They call the API of the local stack or of a deployed one."""
