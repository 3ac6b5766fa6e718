(** * Randomised decoders

    Definitions: [probability] (what a decoder's coin flips make of its answers),
    [lottery] (finitely many answers with their weights).

    A randomised decoder knows V and x and draws its answer. The only properties
    of probability that are used: the whole has probability 1, a larger event is no
    less probable, and a union is at most as probable as the sum of its parts.

    Main results: [randomised_fails] (f and g shown by a fair coin: the error is at
    least 1/2), [randomised_some_member] (on one of the two it errs with
    probability at least 1/2), [lottery_fails] (the same for finite
    lotteries, as sums), [undecidable_randomised] (so every No holds for them too). *)

From Coq Require Import Reals Lra Lia List.
From Trompe Require Import Points Tasks.
Import ListNotations.
Open Scope R_scope.

Record probability {A : Type} (P : (A -> Prop) -> R) : Prop := {
  whole : P (fun _ => True) = 1;
  larger : forall E F : A -> Prop, (forall t, E t -> F t) -> P E <= P F;
  union : forall E F : A -> Prop, P (fun t => E t \/ F t) <= P E + P F
}.

(** The probability that the drawn answer is wrong when the true value is [y]. *)
Definition error (T : task) (V : vis) (P : (answer T -> Prop) -> R) (y : R) : R :=
  P (fun t => ~ correct T V y t).

Theorem randomised_fails T V (P : (answer T -> Prop) -> R) y y' :
  probability P -> apart T V y y' ->
  1 / 2 * error T V P y + 1 / 2 * error T V P y' >= 1 / 2.
Proof.
  intros H A; unfold error.
  pose proof (union P H (fun t => ~ correct T V y t) (fun t => ~ correct T V y' t)) as U.
  assert (L : P (fun _ => True) <= P (fun t => ~ correct T V y t \/ ~ correct T V y' t)).
  { apply (larger P H); intros t _.
    destruct (correct_dec T V y t) as [c | n]; [right | left; exact n].
    intros c'; exact (apart_no_answer T V y y' t A c c'). }
  rewrite (whole P H) in L; lra.
Qed.

Corollary randomised_some_member T V (P : (answer T -> Prop) -> R) y y' :
  probability P -> apart T V y y' ->
  error T V P y >= 1 / 2 \/ error T V P y' >= 1 / 2.
Proof.
  intros H A; pose proof (randomised_fails T V P y y' H A).
  destruct (Rle_dec (1 / 2) (error T V P y)); [left | right]; lra.
Qed.

Theorem undecidable_randomised T C d V x :
  undecidable T C d V x ->
  forall P : (answer T -> Prop) -> R, probability P ->
  exists f, C f /\ represents d V f /\ error T V P (f x) >= 1 / 2.
Proof.
  intros ((f & g & Cf & Cg & Rf & Rg & A) & _) P H.
  destruct (randomised_some_member T V P (f x) (g x) H A); [exists f | exists g]; auto.
Qed.

(** ** Finite lotteries *)

Fixpoint weight {A : Type} (holds : A -> bool) (l : list (R * A)) : R :=
  match l with
  | nil => 0
  | (p, t) :: l' => (if holds t then p else 0) + weight holds l'
  end.

Record lottery {A : Type} (l : list (R * A)) : Prop := {
  lottery_nonneg : forall p t, In (p, t) l -> 0 <= p;
  lottery_total : weight (fun _ => true) l = 1
}.

Definition wrong (T : task) (V : vis) (y : R) (t : answer T) : bool :=
  if correct_dec T V y t then false else true.

Theorem lottery_fails T V (l : list (R * answer T)) y y' :
  lottery l -> apart T V y y' ->
  1 / 2 * weight (wrong T V y) l + 1 / 2 * weight (wrong T V y') l >= 1 / 2.
Proof.
  intros (N & S) A.
  assert (G : weight (fun _ => true) l <= weight (wrong T V y) l + weight (wrong T V y') l).
  { clear S; induction l as [|(p, t) l IH]; simpl; [lra|].
    assert (0 <= p) by (apply (N p t); left; reflexivity).
    assert (IH' := IH (fun q s Hq => N q s (or_intror Hq))).
    unfold wrong at 1 3.
    destruct (correct_dec T V y t) as [c | n], (correct_dec T V y' t) as [c' | n']; try lra.
    exfalso; exact (apart_no_answer T V y y' t A c c'). }
  lra.
Qed.
