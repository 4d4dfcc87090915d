import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { Dialog } from '../parts/dialog.tsx';
import type { Place } from './place.ts';

/** One letter a place, the same in every language; of two places of one letter only one is in a bar. */
const letterOf: Readonly<Record<Place['word'], string>> = {
  ...{ home: 'h', record: 'r', sharing: 's', looked: 'w', keys: 'k', patients: 'p', drafts: 'd' },
  ...{ check: 'c', enrol: 'e', people: 'p', network: 'n', explorer: 'x' },
  questions: 'q',
};

const settingName = 'salus-letter-keys';
/** How long `g` waits for its letter. */
const waitMs = 1_500;

const isWriting = ({ target }: KeyboardEvent): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null;

/**
 * Letters as shortcuts: off until somebody wants them, since who speaks to the computer, or has an unsteady hand, would
 * set them off (WCAG 2.1.4). The button opens the list and the switch; `?` does, once they are on.
 */
export function Shortcuts({ places }: { readonly places: readonly Place[] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isOn, setOn] = useState(() => localStorage.getItem(settingName) === 'on');
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (!isOn) return;
    let goUntil = 0;
    const listen = (event: KeyboardEvent) => {
      const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
      if (hasModifier || event.isComposing || isWriting(event)) return;
      const place = places.find((it) => letterOf[it.word] === event.key);
      if (event.key === '?') setOpen(true);
      else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[type="search"]');
        if (search === null) return;
        search.focus();
        event.preventDefault();
      } else if (event.key === 'g') goUntil = event.timeStamp + waitMs;
      else if (place !== undefined && event.timeStamp < goUntil) void navigate(place.path);
      if (event.key !== 'g') goUntil = 0;
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, [isOn, places, navigate]);
  const turn = (on: boolean) => {
    setOn(on);
    if (on) localStorage.setItem(settingName, 'on');
    else localStorage.removeItem(settingName);
  };
  return (
    <>
      <button type="button" className="btn bare small with-keys" onClick={() => setOpen(true)}>
        {t('shortcuts.title')}
      </button>
      {isOpen && (
        <Dialog title={t('shortcuts.title')} onClose={() => setOpen(false)}>
          <ul className="checks">
            <li>
              <label>
                <input
                  type="checkbox"
                  checked={isOn}
                  onChange={(event) => turn(event.target.checked)}
                />
                <span>{t('shortcuts.on')}</span>
              </label>
            </li>
          </ul>
          <dl className="letters sm mt">
            <Keys keys={['/']} does={t('shortcuts.find')} />
            {places.map((it) => (
              <Keys key={it.path} keys={['g', letterOf[it.word]]} does={t(`nav.${it.word}`)} />
            ))}
            <Keys keys={['?']} does={t('shortcuts.list')} />
          </dl>
        </Dialog>
      )}
    </>
  );
}

function Keys({ keys, does }: { readonly keys: readonly string[]; readonly does: string }) {
  return (
    <div>
      <dt dir="ltr">
        {keys.map((it) => (
          <kbd key={it}>{it}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}
