// Package evaluate says what Conditional Access policies do to a sign-in. It is pure: policies, locations and a sign-in
// in, an answer out. It is hallpass's own prediction, for what Microsoft's What If cannot be asked: how things will be.
//
// A policy's conditions are one conjunction, and every condition is answered in one of four ways: it is met; it is not;
// it is met only if something holds that differs from one sign-in to the next (a risk, a device, a platform); or it
// cannot be said, because something could not be read or is not modelled. Nothing unknown is ever taken for a no.
package evaluate
