# Two noisy clocks at rates of 1 and 1.03 a second, each pulled towards the other's phase, sampled 25 times a second for ten
# minutes. Writes CSV:
#     awk -v coupling=0.06 -f docs/examples/clocks.awk > coupled.csv
# The random numbers are the script's own (Park and Miller 1988), so that every awk writes the same file.
BEGIN {
    pi = atan2(0, -1); state = 12345; h = 0.01; kick = sqrt(0.002 * h)
    print "t,left,right"
    for (k = 0; k < 60000; k++) {
        pull = coupling * sin(2 * pi * (right - left))
        left += h * (1.00 + pull) + kick * normal()
        right += h * (1.03 - pull) + kick * normal()
        if (k % 4 == 0) printf "%.2f,%.4f,%.4f\n", k * h, wave(left), wave(right)
    }
}
function uniform() { state = (state * 16807) % 2147483647; return state / 2147483647 }
function normal() { return sqrt(-2 * log(uniform())) * cos(2 * pi * uniform()) }
function wave(phase) { return cos(2 * pi * phase) + 0.4 * cos(4 * pi * phase + 1) }
