"""What entries mean: numbers, changes, features, names."""
