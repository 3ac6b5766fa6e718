(* EXPECTED: (in proof monotone_exact_at_zero): Attempt to save an incomplete proof *)
(* The statement and the script of monotone_exact, but x = 0 is allowed, where every member
   is m; see Limits.monotone_not_at_zero. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Table.
Import ListNotations.
Open Scope R_scope.

Theorem monotone_exact_at_zero :
  forall d x m M,
  (1 <= d)%nat -> cube d x -> ~ peq d ones x -> m < M ->
  undecidable exact (monotone d) d (shown d zeros ones m M) x.
Proof. intros; apply monotone_all; simpl; auto. Qed.
