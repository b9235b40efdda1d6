"""Trips come in: published files of every year into bronze, months fetched, trips invented.

discover      which trip files are there, and under which header was each published?
read          a file becomes bronze, batch by batch: the one door to all that follows
  sniff         what kind of file is this, by its first bytes?
  text_blocks   text of any size in blocks of whole lines
  lines         which lines are records that can be parsed?
  csv_file      the records of a CSV file
  parquet_file  the records of a Parquet file
  canonical     files that are canonical already
  bronze        published columns become bronze
  convert       published values in canonical units
  numerals      which number does a value tell?
  times         when was that?
  identity      the id of a row that has none
describe      what is in these files?
months, web, fetch    published months onto this disk
synthetic     generated trips as files
"""
