"""Trips come in: published files of every year into bronze, months fetched, trips invented.

discover      which trip files are there, and under which header was each published?
  names         how is a file's name told as text?
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

Other sources than files:

tables        a PostgreSQL table, whole or what changed      incremental   which rows are new when some commit late?
cdc           a copy that follows the log                    pgoutput      what does a message of the log say?
  changes       what is a change?                            replication_slot   reading the log and losing nothing
api           a service with pages, limits and failures      topics        a Kafka topic
objects       an S3 store                                    consumer      each message once, through kills

upsert        T' = (T without T_K) with S                    duplicates    fingerprints and Bloom filters
checkpoints   how far has each source been read?             sink          rows and checkpoint: all or nothing
dead_letters  what cannot be read                            registry      may a source change its schema?
arrivals      at what rate do trips arrive?                  token_bucket  may this request pass now?
backpressure  more comes in than goes out                    clock         time in a rehearsal

local_postgres, local_api, local_kafka, local_s3    sources that start on loopback and end with this process (keeper)
"""
