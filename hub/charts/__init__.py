"""Our own server-side pictures: plain SVG, no script, no style attribute, each with a title and a description.

Why not a library: under a strict content security policy the pages stay clean, a picture is a few kilobytes, prints
crisply, and says in words for a screen reader what it shows. Each picture stands beside a table of the same values.
"""
