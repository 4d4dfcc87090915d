import { useTranslation } from 'react-i18next';
import type { WorkProgress } from '../../boundary/work-progress.ts';
import { Progress } from '../../parts/progress.tsx';
import type { QuestionDraft } from './calls-questions.ts';

type Delivery = QuestionDraft['delivery'];
const deliveries: readonly Delivery[] = ['hpke', 'paillier'];

/** How the answer comes, with a sentence on what each gives: the numbers and the price are the same. */
export function DeliveryChoice({
  chosen,
  onChoose,
}: {
  readonly chosen: Delivery;
  readonly onChoose: (it: Delivery) => void;
}) {
  const { t } = useTranslation();
  return (
    <fieldset className="field">
      <legend className="lab">{t('questions.delivery')}</legend>
      <div className="checks">
        {deliveries.map((it) => (
          <label key={it}>
            <input
              type="radio"
              name="delivery"
              checked={it === chosen}
              onChange={() => onChoose(it)}
            />
            <span>
              <span className="b">{t(`questions.deliveries.${it}`)}</span>
              <br />
              <span className="sm dim">{t(`questions.deliveriesText.${it}`)}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What is done one after the other; the first of `preparing` makes a key, the second proves it to the servers. */
const stepsOf: Readonly<Record<Delivery, readonly Step[]>> = {
  hpke: ['reading', 'anchoring', 'fetching', 'opening'],
  paillier: ['reading', 'key', 'proof', 'anchoring', 'fetching', 'opening'],
};
type Step = 'reading' | 'key' | 'proof' | 'anchoring' | 'fetching' | 'opening';

function stepOf(at: WorkProgress | undefined): Step {
  if (at === undefined) return 'reading';
  if (at.phase === 'preparing') return at.done === 0 ? 'key' : 'proof';
  return at.phase as Step;
}

/** How far a question is that was asked; what is around it is read out when it changes. */
export function AskingProgress({
  at,
  delivery,
}: {
  readonly at: WorkProgress | undefined;
  readonly delivery: Delivery;
}) {
  const { t } = useTranslation();
  const steps = stepsOf[delivery];
  const step = stepOf(at);
  const words = t(`questions.steps.${step}`);
  return (
    <div className="mt-s">
      <Progress done={steps.indexOf(step)} total={steps.length} words={words} />
      <p className="sm dim mt-s n">{words}</p>
    </div>
  );
}
