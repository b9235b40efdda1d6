-- The day's rows, from the source, as text: a wrong value is for validate to find.
select * from read_csv({{ path("given/" ~ var("day") ~ ".csv") }}, all_varchar = true, header = true)
