"""What completions cost and save while a person types: real code, a human rhythm, virtual time."""
