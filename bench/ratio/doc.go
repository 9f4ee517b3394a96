// Package ratio judges what was measured against what was aimed for. Machines
// differ and are noisy; a ratio of two things that ran one after the other is
// worth more than either, and the median of several says more than any one.
package ratio
