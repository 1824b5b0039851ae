"""Series: pen trajectories, their files and data sets."""
