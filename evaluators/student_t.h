// Student's t distribution. Boost.Math has it too, but Debian's package of it fills 138 MB.
#pragma once

namespace lambdaforge::evaluators {

// P(|T| >= |t|) of Student's t distribution, right to about 14 digits far into the tails;
// degrees_of_freedom > 0, t may be infinite.
double student_t_two_sided(double t, double degrees_of_freedom);

}  // namespace lambdaforge::evaluators
