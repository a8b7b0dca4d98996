"""Show a status page to people and to feed readers, as one document an address.

    markup.py    make HTML and XML: every text is escaped unless it was made here
    words.py     say statuses, times and durations in English
    content.py   read what a page shows out of the state
    bars.py      90 days of uptime out of a component's history, as pure functions
    chart.py     one metric as a drawing
    parts.py     the pieces of a page
    brand.py     read the brand color
    page.py      whole pages: home, history, one incident or maintenance
    feeds.py     history.rss and history.atom
    document.py  an answer that is not JSON, and the headers that seal it

The two files that browsers get, `style.css` and `refresh.js`, are put into each page, so a page needs one request and
nothing from outside. What an account may bring along (logo, custom HTML and CSS, Google Analytics) is left out on
purpose; the brand color is honoured. How the service weighs outages in its uptime is not on record; see bars.py.
"""
