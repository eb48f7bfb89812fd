"""Policy presets: what is safe of the events that known systems for learning send, for organisations to turn on."""
