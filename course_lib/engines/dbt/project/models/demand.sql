-- The sums by hour and zone, of this day beside those of all days before. A day that was there is replaced.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}
select
    '{{ var("day") }}' as day,
    date_trunc('hour', pickup_at) as hour,
    zone,
    count(*) as trips,
    sum(fare_cents)::bigint as fare_cents,
    sum(distance_m)::bigint as distance_m,
    sum(seconds)::bigint as seconds,
    max(fare_cents) as max_fare_cents
from {{ ref('newest') }}
group by all
