-- One row per trip: the newest; ties go to the first file (bytewise, as DuckDB sorts text) and the first row.
select *
from {{ ref('validate') }}
qualify row_number() over (
    partition by trip_id
    order by updated_at desc nulls last, source_file, source_row
) = 1
