"""What people see: one module for each audience, and the few rules that hold for all pages.

    entry.py      in by a signed link, out again      practice.py   a practice among its peers
    staff.py      who has sent, what was set aside    load.py       from the models to frozen values
    tables.py     the rows of every table             download.py   the same figures as files
    words.py      states and reasons in words         markdown.py   what authors write, escaped
    security.py   headers of every answer             jinja.py      templates and their filters
    assets.py     style sheet and icons               urls.py       where the pages are

No page needs a script; no page shows more than `hub.comparison` gives it.
"""
