# Generates three interleaved spirals of 700 noisy points each, which are not linearly separable.
# The result is the same on every machine:  awk -f spirals.awk > spirals.csv

# Uniform in (0, 1): Park and Miller's generator, because rand() differs between awk implementations.
function uniform() {
  state = (state * 16807) % 2147483647
  return state / 2147483647
}

function normal() { return sqrt(-2 * log(uniform())) * cos(2 * pi * uniform()) }

BEGIN {
  state = 1337
  pi = atan2(0, -1)
  split("red green blue", arms, " ")
  print "x,y,arm"
  for (point = 0; point < 700; ++point) {
    for (arm = 1; arm <= 3; ++arm) {
      radius = 0.05 + 0.95 * point / 700
      angle = 2 * pi * (arm / 3 + 1.25 * radius) + 0.4 * normal()
      printf "%.3f,%.3f,%s\n", radius * cos(angle), radius * sin(angle), arms[arm]
    }
  }
}
