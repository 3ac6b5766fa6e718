(** * Feature visualizations, tasks, decoders

    Definitions:
    - [vis], [represents]: V = (argmin set, argmax set, minimum, maximum) is the
      feature visualization of f; [shown d a b m M] is the one with the unique
      minimiser a and the unique maximiser b.
    - [task]: [exact], [approx eps], [side], with the relation [correct] between a
      true value and an answer.
    - [decidable T C d V x]: one answer is correct for every member of the class C
      with visualization V.
    - [undecidable T C d V x]: two members f, g of C share the visualization V but
      are [apart] at x, and every decoder, also one that was designed for
      this V and this x, is wrong on a member of C with visualization V.
    - [decodes]: one decoder that sees one minimiser, one maximiser and the two
      values is correct for the whole class at every x.

    Main results: [fooling_pair_defeats] (a pair defeats every decoder),
    [decidable_not_undecidable], [undecidable_larger] (a No is inherited by larger
    classes), [midrange_half] (the midrange is right up to eps = 1/2, whatever the
    class), [decidable_shown] (the value at a shown extreme is known).

    References: Geirhos, Zimmermann, Bilodeau, Brendel, Kim, "Don't trust your
    eyes: on the (un)reliability of feature visualizations", ICML 2024, for the
    setting and the table. The formal statements are this project's own. *)

From Coq Require Import Reals Lra Lia List.
From Trompe Require Import Points.
Open Scope R_scope.

(** ** Visualizations *)

Record vis := Vis {
  argmin : point -> Prop;
  argmax : point -> Prop;
  vmin : R;
  vmax : R
}.

Definition range (V : vis) : R := vmax V - vmin V.
Definition mid (V : vis) : R := (vmin V + vmax V) / 2.

(** [V] is the feature visualization of [f]: f stays between the two values, it
    takes the one exactly on the argmin set and the other exactly on the argmax
    set, and neither set is empty. *)
Definition represents (d : nat) (V : vis) (f : fn) : Prop :=
  (forall z, cube d z -> vmin V <= f z <= vmax V) /\
  (forall z, cube d z -> (argmin V z <-> f z = vmin V)) /\
  (forall z, cube d z -> (argmax V z <-> f z = vmax V)) /\
  (exists z, cube d z /\ argmin V z) /\
  (exists z, cube d z /\ argmax V z).

(** The visualization ({a}, {b}, m, M). *)
Definition shown (d : nat) (a b : point) (m M : R) : vis :=
  Vis (peq d a) (peq d b) m M.

(** ** Tasks *)

Inductive task := exact | approx (eps : R) | side.

Inductive half := Lower | Upper.

Definition answer (T : task) : Type :=
  match T with
  | exact => R
  | approx _ => R
  | side => half
  end.

(** The answer is correct when the true value is [y]. *)
Definition correct (T : task) (V : vis) (y : R) : answer T -> Prop :=
  match T with
  | exact => fun t => t = y
  | approx eps => fun t => Rabs (t - y) <= eps * range V
  | side => fun h => match h with Lower => y <= mid V | Upper => mid V <= y end
  end.

(** The true values [y] and [y'] have no correct answer in common. *)
Definition apart (T : task) (V : vis) (y y' : R) : Prop :=
  match T with
  | exact => y <> y'
  | approx eps => Rabs (y - y') > 2 * eps * range V
  | side => y' < mid V < y
  end.

(** The same for y of a member that shows V and y' of one that shows V', each on its own scale. *)
Definition apart_own (T : task) (V V' : vis) (y y' : R) : Prop :=
  match T with
  | exact => y <> y'
  | approx eps => Rabs (y - y') > eps * (range V + range V')
  | side => mid V < y /\ y' < mid V'
  end.

(** ** Decoders *)

Definition decoder (T : task) : Type := vis -> point -> answer T.

Definition decidable (T : task) (C : class) (d : nat) (V : vis) (x : point) : Prop :=
  exists t : answer T,
    forall f, C f -> represents d V f -> correct T V (f x) t.

Definition undecidable (T : task) (C : class) (d : nat) (V : vis) (x : point) : Prop :=
  (exists f g, C f /\ C g /\ represents d V f /\ represents d V g /\
               apart T V (f x) (g x)) /\
  (forall D : decoder T,
     exists f, C f /\ represents d V f /\ ~ correct T V (f x) (D V x)).

(** A decoder that is shown one minimiser [a], one maximiser [b] and their values. *)
Definition image_decoder (T : task) : Type := point -> point -> R -> R -> point -> answer T.

Definition decodes (T : task) (C : class) (d : nat) (D : image_decoder T) : Prop :=
  forall f V a b x,
    C f -> represents d V f ->
    cube d a -> argmin V a -> cube d b -> argmax V b -> cube d x ->
    correct T V (f x) (D a b (vmin V) (vmax V) x).

(** ** Fooling pairs *)

Lemma correct_dec T V y (t : answer T) : {correct T V y t} + {~ correct T V y t}.
Proof.
  destruct T; simpl in *.
  - apply Req_EM_T.
  - apply Rle_dec.
  - destruct t; apply Rle_dec.
Qed.

(** No answer is correct for both of two values that are apart. *)
Lemma apart_own_no_answer T V V' y y' (t : answer T) :
  apart_own T V V' y y' -> correct T V y t -> correct T V' y' t -> False.
Proof.
  destruct T; simpl in *.
  - congruence.
  - intros A H H'; revert A H H'; unfold Rabs; repeat destruct Rcase_abs; lra.
  - destruct t; lra.
Qed.

Lemma apart_is_own T V y y' : apart T V y y' -> apart_own T V V y y'.
Proof. destruct T; simpl; lra. Qed.

Lemma apart_no_answer T V y y' (t : answer T) :
  apart T V y y' -> correct T V y t -> correct T V y' t -> False.
Proof. intros A; exact (apart_own_no_answer T V V y y' t (apart_is_own T V y y' A)). Qed.

Lemma fooling_pair_defeats T V d x (C : class) f g :
  C f -> C g -> represents d V f -> represents d V g -> apart T V (f x) (g x) ->
  undecidable T C d V x.
Proof.
  intros Cf Cg Rf Rg A; split.
  - exists f, g; auto.
  - intros D; destruct (correct_dec T V (f x) (D V x)) as [Hf | Hf].
    + exists g; split; [|split]; auto; intros Hg; exact (apart_no_answer T V _ _ _ A Hf Hg).
    + exists f; auto.
Qed.

Lemma decidable_not_undecidable T C d V x :
  decidable T C d V x -> ~ undecidable T C d V x.
Proof.
  intros (t & H) ((f & g & Cf & Cg & Rf & Rg & A) & _).
  exact (apart_no_answer T V _ _ t A (H f Cf Rf) (H g Cg Rg)).
Qed.

(** What fools a small class fools every larger one. *)
Lemma undecidable_larger T (C C' : class) d V x :
  (forall f, C f -> C' f) -> undecidable T C d V x -> undecidable T C' d V x.
Proof.
  intros S ((f & g & Cf & Cg & Rf & Rg & A) & _).
  apply (fooling_pair_defeats T V d x C' f g); auto.
Qed.

Lemma decidable_smaller T (C C' : class) d V x :
  (forall f, C f -> C' f) -> decidable T C' d V x -> decidable T C d V x.
Proof. intros S (t & H); exists t; auto. Qed.


(** ** The midrange, and the shown extremes *)

(** Every class, every visualization, every x: eps = 1/2 is reached. *)
Lemma midrange_half (C : class) d V x :
  cube d x ->
  forall f, C f -> represents d V f -> correct (approx (1 / 2)) V (f x) (mid V).
Proof.
  intros Cx f _ (B & _); specialize (B x Cx); simpl; unfold range, mid, Rabs.
  destruct Rcase_abs; lra.
Qed.

Lemma midrange_decidable (C : class) d V x eps :
  cube d x -> 1 / 2 <= eps -> decidable (approx eps) C d V x.
Proof.
  intros Cx He; exists (mid V); intros f Cf Rf.
  pose proof (midrange_half C d V x Cx f Cf Rf) as H.
  destruct Rf as (B & _); specialize (B x Cx).
  simpl in *; unfold range in *; nra.
Qed.

(** One exact answer answers all three tasks. *)
Lemma exact_decidable T (C : class) d V x y :
  (forall eps, T = approx eps -> 0 <= eps) ->
  vmin V <= vmax V ->
  (forall f, C f -> represents d V f -> f x = y) -> decidable T C d V x.
Proof.
  intros He Hm H; destruct T; simpl.
  - exists y; intros f Cf Rf; symmetry; auto.
  - exists y; intros f Cf Rf; simpl; rewrite (H f Cf Rf).
    specialize (He eps eq_refl); unfold range; rewrite Rminus_diag_eq, Rabs_R0 by reflexivity; nra.
  - destruct (Rle_dec y (mid V)).
    + exists Lower; intros f Cf Rf; simpl; rewrite (H f Cf Rf); lra.
    + exists Upper; intros f Cf Rf; simpl; rewrite (H f Cf Rf); lra.
Qed.

Lemma represents_a d a b m M f :
  cube d a -> represents d (shown d a b m M) f -> forall z, peq d a z -> f z = m.
Proof.
  intros Ca (_ & H & _) z E; apply (H z); [exact (peq_cube d a z E Ca) | exact E].
Qed.

Lemma represents_b d a b m M f :
  cube d b -> represents d (shown d a b m M) f -> forall z, peq d b z -> f z = M.
Proof.
  intros Cb (_ & _ & H & _) z E; apply (H z); [exact (peq_cube d b z E Cb) | exact E].
Qed.

Lemma decidable_shown T (C : class) d a b m M x :
  (forall eps, T = approx eps -> 0 <= eps) -> m < M -> cube d a -> cube d b ->
  peq d a x \/ peq d b x -> decidable T C d (shown d a b m M) x.
Proof.
  intros He Hm Ca Cb [E | E].
  - apply exact_decidable with m; simpl; auto; [lra|].
    intros f _ Rf; exact (represents_a d a b m M f Ca Rf x E).
  - apply exact_decidable with M; simpl; auto; [lra|].
    intros f _ Rf; exact (represents_b d a b m M f Cb Rf x E).
Qed.
