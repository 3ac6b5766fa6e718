(* EXPECTED: line 18, characters 34-37: Error: No applicable tactic. *)
(* A Yes for constant, exact, with the two sets shown and no value. With Maximum for Images this
   script proves it: the second part of A is then vmax V = vmax V'. See
   LevelCells.constant_exact_images. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Table.
Import ListNotations.
Open Scope R_scope.

Theorem constant_exact_images_yes :
  forall d V x, (1 <= d)%nat -> cube d x -> decidable_at Images exact (constant d) d V x.
Proof.
  intros d V x Hd Cx; exists (vmax V).
  intros f V' (c & H) (_ & _ & HM & _ & (b & Cb & Ab)) A; simpl.
  apply (HM b Cb) in Ab; rewrite (H b Cb) in Ab.
  destruct A as (_ & E).
  rewrite (H x Cx), Ab; symmetry; lra.
Qed.
