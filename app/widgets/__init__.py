"""Small widgets that several panels share: one editor per kind of parameter, forms, folding sections, empty states."""
