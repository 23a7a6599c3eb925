"""What entries mean: numbers, changes, features, items, names."""
