"""A report as HTML, Markdown, LaTeX, CSV, Parquet and images."""
