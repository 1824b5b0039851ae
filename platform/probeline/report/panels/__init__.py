"""Pictures of single trials on the page: what protocols left as artifacts, side by side for some of the cells."""
