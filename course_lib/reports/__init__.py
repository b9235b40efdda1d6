"""What a run leaves for people: report.html, one page that needs nothing but itself.

data      what a report is made of
verdict   is it fit to use, and why?
rules     what each rule means, and a row that breaks it
html      the page
"""
