// Package soak runs a skald under load while it is killed, stopped, restarted
// and cut off, and then proves from outside that it kept its promises.
//
// A Plan says everything that will be done, and when: it is a pure function of a
// seed, and is written first. Run carries it out against an Installation, whose
// processes are real ones, and writes down what happened: what every request was
// answered (History), which faults came about (Fired), and at the end every
// record of every topic, every order with its timeline, and all stock. Together
// these are a Bundle: a folder of plain JSON. Checkers are pure functions over
// it, so that a bundle can be judged again, later and elsewhere.
//
// An answer that never came is neither success nor failure: it stays unknown,
// and afterwards either nothing or one whole order must be there. And a soak that
// tested nothing has failed: a planned fault that never came about is a
// violation, and so is a run in which too little was sold.
//
// The seed repeats the plan, not the run: processes, disks and networks take
// their own time. What it does not do, with the reason: fill the disk, because a
// small file system needs mounts and their rights; set the clock, because all
// processes share the machine's; cut the power. SIGKILL proves that what was
// handed to the kernel suffices, not that it had reached the disk.
package soak
