-- The rows that are trips. A comparison with null is null, and WHERE keeps what is true.
select
    trip_id::bigint as trip_id,
    pickup_zone::int as zone,
    pickup_at::timestamp as pickup_at,
    date_diff('second', pickup_at::timestamp, dropoff_at::timestamp) as seconds,
    distance_m::bigint as distance_m,
    fare_cents::bigint as fare_cents,
    updated_at::timestamp as updated_at,
    source_file,
    source_row::bigint as source_row
from {{ ref('extract') }}
where pickup_zone is not null
  and dropoff_at::timestamp > pickup_at::timestamp
  and distance_m::bigint > 0
  and fare_cents::bigint >= 0
