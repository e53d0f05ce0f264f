# Generates 1200 customers of a subscription service, of whom 22 % left: numbers, categories, a date and empty cells.
# The result is the same on every machine:  awk -f churn.awk > churn.csv

# Uniform in (0, 1): Park and Miller's generator, because rand() differs between awk implementations.
function uniform() {
  state = (state * 16807) % 2147483647
  return state / 2147483647
}

function normal() { return sqrt(-2 * log(uniform())) * cos(2 * pi * uniform()) }

# The text, or an empty cell with this probability.
function or_empty(text, probability) { return uniform() < probability ? "" : text }

# A date as YYYY-MM-DD; years have 12 months of 28 days here.
function date(day) {
  return sprintf("%d-%02d-%02d", 2021 + int(day / 336), 1 + int(day % 336 / 28), 1 + int(day % 28))
}

BEGIN {
  state = 4242
  pi = atan2(0, -1)
  split("basic plus family business", plans, " ")
  split("9.99 14.99 19.99 39.99", fees, " ")
  split("2.0 0 -0.6 -2.2", of_plan, " ")
  split("north south east west", regions, " ")
  split("0 1.4 -0.5 -0.6", of_region, " ")
  print "customer,signed_up,plan,region,monthly_fee,logins_per_week,support_calls,churned"
  for (customer = 1; customer <= 1200; ++customer) {
    plan = 1 + int(uniform() ^ 1.5 * 4)
    region = 1 + int(uniform() * 4)
    day = int(uniform() * 1344)
    fee = fees[plan] * (1 + 0.1 * int(uniform() * 3))
    logins = 6 * exp(0.7 * normal())
    calls = int(-1.5 * log(uniform()))
    score = of_plan[plan] + of_region[region] + 2.2 * (day / 1344 - 0.5) * 2 - 0.55 * (logins - 6) + 1.1 * (calls - 1)
    churned = score + 0.7 * normal() > 2.6 ? "yes" : "no"
    printf "C%05d,%s,%s,%s,%.2f,%s,%s,%s\n", 20000 + customer * 7, date(day), or_empty(plans[plan], 0.03), \
      or_empty(regions[region], 0.02), fee, or_empty(sprintf("%.1f", logins), 0.06), or_empty(calls, 0.04), churned
  }
}
