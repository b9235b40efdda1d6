{#- A file of the job's folder, as SQL writes a text. -#}

{% macro path(name, folder=none) -%}
  {{ dbt.string_literal(dbt.escape_single_quotes((folder or var("folder")) ~ "/" ~ name)) }}
{%- endmacro %}

{#- What the contract gives to every orchestrator (steps.py), here as macros: a step breaks as often as it is told to,
    and every attempt leaves a file whose name says when, what, and how it ended. -#}

{% macro leave_trace(step, outcome) %}
  {%- set now = modules.datetime.datetime.now(modules.pytz.utc).strftime('%Y%m%d%H%M%S%f') -%}
  copy (select 1) to {{ path("trace/" ~ now ~ "_" ~ var("day") ~ "_" ~ step ~ "_" ~ outcome) }} (format csv)
{% endmacro %}

{% macro attempt(step) %}
  {%- if execute -%}
    {%- set fault = path("faults/" ~ var("day") ~ "-" ~ step) -%}
    {%- if run_query("select count(*) from glob(" ~ fault ~ ")").rows[0][0] -%}
      {%- set left = run_query("select content::int from read_text(" ~ fault ~ ")").rows[0][0] -%}
      {%- if left > 0 -%}
        {%- do run_query("copy (select " ~ (left - 1) ~ ") to " ~ fault ~ " (format csv, header false)") -%}
        {%- do run_query(leave_trace(step, 'broke')) -%}
        {{ exceptions.raise_compiler_error(step ~ " of " ~ var("day") ~ " broke, as it was told to") }}
      {%- endif -%}
    {%- endif -%}
  {%- endif -%}
  select 1
{% endmacro %}

{% macro export(folder, day) %}
  {%- set hours -%}
    select strftime(hour, '%Y-%m-%dT%H:%M:%S') as hour, zone, trips, fare_cents, distance_m, seconds, max_fare_cents
    from {{ ref('demand') }} where day = '{{ day }}' order by 1, 2
  {%- endset -%}
  {% do run_query("copy (" ~ hours ~ ") to " ~ path("gold/" ~ day ~ ".csv", folder) ~ " (format csv, header)") %}
{% endmacro %}
