"""From a graph to a loop program: index forms, fusion, storage."""
