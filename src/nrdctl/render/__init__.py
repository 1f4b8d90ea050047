"""Text for people and scripts: templates, tables, JSON, human units and the columns of each noun. All of it is pure."""
