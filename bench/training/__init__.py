"""Training of the classifier: statements, folds, weights."""
