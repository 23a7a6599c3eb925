"""A campaign against Raison: mutated cases, random queries and runs that are killed. Start it with `just campaign`."""
