"""Whether a case means something that can be computed: all problems at once."""
