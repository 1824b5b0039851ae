"""Classical metric learning: Mahalanobis distances from constraints or labels, convex or in closed form, in float64.

Each solver returns a matrix M [D, D] of squared distances d^T M d, or a map L [P, D] with M = L^T L.
"""
